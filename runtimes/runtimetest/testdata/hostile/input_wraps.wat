;; attack: input answers an address that overflows when the length is added
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param $length i32) (result i32)
    (i32.const -4096))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
