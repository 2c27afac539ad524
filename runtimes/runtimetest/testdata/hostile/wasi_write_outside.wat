;; attack: writes to standard output from outside of its memory
;; call: - ok 0x15000000
;; grants: log
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (call $write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 4096)))
    (i64.const 0x40000000004))
  (data (i32.const 2048) "\fe\ff\00\00\04\00\00\00"))
