;; attack: leaves a loop by br_if with a value, which never happens
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (block $out (result i64)
      (loop $again (result i64)
        (drop (br_if $out (i64.const 7) (i32.const 0)))
        (br $again)))))
