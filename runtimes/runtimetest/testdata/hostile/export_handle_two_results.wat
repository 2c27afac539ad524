;; attack: the handler returns two values
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param i32 i32) (result i64 i64) (i64.const 0) (i64.const 0)))
