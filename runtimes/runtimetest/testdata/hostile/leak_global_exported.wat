;; attack: leaves a secret in a global that it exports
;; call: - ok 0x07000000
;; call: x ok
;; call: - ok 0x07000000
;; call: x ok
;; call: - ok 0x07000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (global.set $g (i32.const 42))
      (return (i64.const 0))))
    (i32.store (i32.const 1024) (global.get $g))
    (i64.const 0x40000000004))
  (global $g (export "mine") (mut i32) (i32.const 7)))
