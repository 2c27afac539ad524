;; attack: writes the same 16 MiB a million times in one call, by vectors that overlap
;; expect: limit-time
;; grants: log
;; wasi: true
;; timeout: 500ms
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $write (i32.const 1) (i32.const 0x800000) (i32.const 0x100000) (i32.const 0))) (br $again))
    (i64.const 0))
  
  (func (export "_initialize") (local $i i32)
    (loop $again
      (i32.store offset=0x800004 (local.get $i) (i32.const 0x1000000))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 0x800000))))))
