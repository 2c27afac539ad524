;; attack: imports from another plugin by its alias
;; expect: refused
(module
  (import "auth" "bulkhead_v1_handle" (func (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
