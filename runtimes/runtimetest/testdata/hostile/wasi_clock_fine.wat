;; attack: looks for time in steps finer than a millisecond, to spy on others by the clock
;; call: - ok 0x0000000000000000
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $i i32) (local $bits i64)
    (loop $again
      (drop (call $clock (i32.and (local.get $i) (i32.const 1)) (i64.const 1) (i32.const 1024)))
      (local.set $bits (i64.or (local.get $bits) (i64.rem_u (i64.load (i32.const 1024)) (i64.const 1000000))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (i64.store (i32.const 1024) (local.get $bits))
    (i64.const 0x40000000008)))
