;; attack: waits in infer for a model that never answers: the deadline must hold in there too
;; expect: limit-time
;; grants: infer
;; host: blocks
(module
  (import "bulkhead_v1" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (drop (call $infer (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)))
    (i64.const 0)))
