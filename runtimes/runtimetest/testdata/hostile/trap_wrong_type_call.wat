;; attack: calls through a table with another type
;; expect: trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call_indirect (type $one) (i64.const 1) (i32.const 0)))
  (type $one (func (param i64) (result i64)))
  (table 1 funcref)
  (elem (i32.const 0) func $none)
  (func $none))
