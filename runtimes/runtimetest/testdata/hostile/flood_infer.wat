;; attack: asks the model with all of its memory, as fast as it can
;; expect: limit-time
;; grants: infer
(module
  (import "bulkhead_v1" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $infer (i32.const 0) (i32.const 0) (i32.const 0x1000000) (i32.const 0) (i32.const 0))) (br $again))
    (i64.const 0)))
