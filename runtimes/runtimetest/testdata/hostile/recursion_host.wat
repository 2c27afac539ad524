;; attack: calls the host in every frame of an endless recursion
;; expect: limit-stack
;; grants: log
;; timeout: 10s
(module
  (import "bulkhead_v1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call $f)
    (i64.const 0))
  (func $f
    (call $log (i32.const 1) (i32.const 0) (i32.const 1))
    (call $f)
    (call $log (i32.const 1) (i32.const 0) (i32.const 1))))
