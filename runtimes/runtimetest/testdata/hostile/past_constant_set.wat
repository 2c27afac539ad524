;; attack: sets a global that is constant
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (global.set 0 (i64.const 1))
    (i64.const 0))
  (global i64 (i64.const 0)))
