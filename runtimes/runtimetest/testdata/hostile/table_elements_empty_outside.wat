;; attack: an empty element segment one element outside
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0))
  (table 1 funcref)
  (elem (i32.const 2) func))
