;; attack: calls the function behind its last
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call 2 (i64.const 0))))
