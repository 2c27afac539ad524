;; attack: draws random bytes, 64 KiB at a time, as fast as it can
;; expect: limit-time
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $random (i32.const 0) (i32.const 65536))) (br $again))
    (i64.const 0)))
