;; attack: leaves a secret in a hidden i64 global
;; call: - ok 0x0700000000000000
;; call: x ok
;; call: - ok 0x0700000000000000
;; call: x ok
;; call: - ok 0x0700000000000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (global.set $g (i64.const 42))
      (return (i64.const 0))))
    (i64.store (i32.const 1024) (global.get $g))
    (i64.const 0x40000000008))
  (global $g (mut i64) (i64.const 7)))
