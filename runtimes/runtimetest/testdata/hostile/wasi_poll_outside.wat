;; attack: polls for events outside of its memory
;; call: - ok 0x15000000
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (call $poll (i32.const 65520) (i32.const 0) (i32.const 1) (i32.const 4096)))
    (i64.const 0x40000000004)))
