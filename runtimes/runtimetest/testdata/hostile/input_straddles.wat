;; attack: input answers a buffer whose last byte lies outside
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param $length i32) (result i32)
    (i32.const 61441))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
