;; attack: leaves by proc_exit in _initialize
;; expect: refused
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0))
  (func (export "_initialize") (call $exit (i32.const 0))))
