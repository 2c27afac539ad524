;; attack: spins on the clock
;; expect: limit-time
;; wasi: true
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 1024))) (br $again))
    (i64.const 0)))
