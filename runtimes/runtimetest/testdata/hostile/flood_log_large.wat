;; attack: logs all of its memory as one line, as fast as it can
;; expect: limit-time
;; grants: log
(module
  (import "bulkhead_v1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (call $log (i32.const 1) (i32.const 0) (i32.const 0x1000000)) (br $again))
    (i64.const 0)))
