;; attack: hands on an import as its handler
;; expect: refused
;; wasi: true
;; grants: audit
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "bulkhead_v1" "audit" (func $audit (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0))
  (export "bulkhead_v1_configure" (func $audit)))
