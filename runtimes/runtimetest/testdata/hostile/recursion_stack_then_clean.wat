;; attack: after endless recursion, the next call must be served by a clean instance
;; call: x limit-stack
;; call: - ok 0x00000000
;; call: x limit-stack
;; call: - ok 0x00000000
;; timeout: 10s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then (call $f)))
    (i64.const 0x40000000004))
  (func $f (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))) (call $f)))
