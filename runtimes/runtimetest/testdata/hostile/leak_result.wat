;; attack: asks for the kept answer of the last call
;; call: x ok
;; call: - ok 0xf9ffffff
;; call: x ok
;; call: - ok 0xf9ffffff
;; grants: infer
(module
  (import "bulkhead_v1" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (import "bulkhead_v1" "result" (func $result (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (drop (call $infer (i32.const 0) (local.get $at) (local.get $length) (i32.const 0) (i32.const 0)))
      (return (i64.const 0))))
    (i32.store (i32.const 1024) (call $result (i32.const 0) (i32.const 2048) (i32.const 16)))
    (i64.const 0x40000000004)))
