;; attack: fills 2^32-1 elements
;; expect: trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (table.fill $t (i32.const 0) (ref.null func) (i32.const -1))
    (i64.const 0))
  (table $t 10 funcref))
