;; attack: imports the function that grants fuel from the module that it may import from
;; expect: refused
(module
  (import "bulkhead_v1" "yield" (func (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
