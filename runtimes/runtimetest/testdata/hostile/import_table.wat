;; attack: imports a table
;; expect: refused
;; grants: log
(module
  (import "bulkhead_v1" "log" (table 1 funcref))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
