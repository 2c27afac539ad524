;; attack: writes newlines to standard error as fast as it can
;; expect: limit-time
;; grants: log
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (memory.fill (i32.const 4096) (i32.const 10) (i32.const 32768)) (i32.store (i32.const 1024) (i32.const 4096)) (i32.store (i32.const 1028) (i32.const 32768)) (drop (call $write (i32.const 2) (i32.const 1024) (i32.const 1) (i32.const 2048))) (br $again))
    (i64.const 0)))
