;; attack: uses audit, sign, attest and infer in _initialize, which nobody has allowed yet: each must answer UNAVAILABLE
;; grants: audit sign attest infer
;; call: - ok 0xfbfffffffbfffffffbfffffffbffffff
(module
  (import "bulkhead_v1" "audit" (func $audit (param i32 i32) (result i32)))
  (import "bulkhead_v1" "sign" (func $sign (param i32 i32 i32 i32 i32) (result i32)))
  (import "bulkhead_v1" "attest" (func $attest (param i32 i32 i32 i32) (result i32)))
  (import "bulkhead_v1" "infer" (func $infer (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0x40000000010))
  (data (i32.const 2048) "{}")
  (func (export "_initialize")
    (i32.store (i32.const 1024) (call $audit (i32.const 2048) (i32.const 2)))
    (i32.store (i32.const 1028) (call $sign (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4096) (i32.const 64)))
    (i32.store (i32.const 1032) (call $attest (i32.const 0) (i32.const 16) (i32.const 4096) (i32.const 64)))
    (i32.store (i32.const 1036) (call $infer (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4096) (i32.const 64)))))
