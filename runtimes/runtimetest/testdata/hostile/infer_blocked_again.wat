;; attack: goes on waiting in infer after the deadline was over
;; expect: limit-time
;; grants: infer
;; host: blocks
(module
  (import "bulkhead_v1" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $infer (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0))) (br $again))
    (i64.const 0)))
