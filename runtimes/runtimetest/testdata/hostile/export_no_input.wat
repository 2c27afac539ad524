;; attack: has no input
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
