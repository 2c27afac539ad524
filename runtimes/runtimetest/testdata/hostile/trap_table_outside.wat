;; attack: calls an element outside of its table
;; expect: trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call_indirect (type $none) (i32.const -1))
    (i64.const 0))
  (type $none (func))
  (table 1 funcref))
