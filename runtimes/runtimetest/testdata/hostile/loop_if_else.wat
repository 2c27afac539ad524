;; attack: spins by a branch out of an if
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again
      (if (local.get $length) (then (br $again)) (else (br $again))))
    (i64.const 0)))
