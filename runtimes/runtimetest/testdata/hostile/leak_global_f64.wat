;; attack: leaves a secret in the bits of a hidden f64 global
;; call: - ok 0x000000000000f03f
;; call: x ok
;; call: - ok 0x000000000000f03f
;; call: x ok
;; call: - ok 0x000000000000f03f
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (global.set $g (f64.const nan:0x4000000000001))
      (return (i64.const 0))))
    (f64.store (i32.const 1024) (global.get $g))
    (i64.const 0x40000000008))
  (global $g (mut f64) (f64.const 1)))
