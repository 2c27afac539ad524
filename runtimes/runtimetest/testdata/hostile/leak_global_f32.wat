;; attack: leaves a secret in the bits of a hidden f32 global
;; call: - ok 0x0000803f
;; call: x ok
;; call: - ok 0x0000803f
;; call: x ok
;; call: - ok 0x0000803f
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (global.set $g (f32.const nan:0x200001))
      (return (i64.const 0))))
    (f32.store (i32.const 1024) (global.get $g))
    (i64.const 0x40000000004))
  (global $g (mut f32) (f32.const 1)))
