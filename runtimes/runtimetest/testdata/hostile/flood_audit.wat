;; attack: audits as fast as it can
;; expect: limit-time
;; grants: audit
(module
  (import "bulkhead_v1" "audit" (func $audit (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $audit (i32.const 0) (i32.const 2))) (br $again))
    (i64.const 0))
  (data (i32.const 0) "{}"))
