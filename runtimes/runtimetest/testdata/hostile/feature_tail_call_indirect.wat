;; attack: tail calls itself through a table for ever
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call $f)
    (i64.const 0))
  (type $none (func))
  (table 1 funcref)
  (elem (i32.const 0) func $f)
  (func $f (return_call_indirect (type $none) (i32.const 0))))
