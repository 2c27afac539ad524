;; attack: leaves a secret everywhere and traps
;; call: x trap
;; call: - ok 0x0000000007000000
;; call: x trap
;; call: - ok 0x0000000007000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (i32.store (i32.const 1024) (i32.const 42))
      (global.set $g (i32.const 42))
      (unreachable)))
    (i32.store (i32.const 1028) (global.get $g))
    (i64.const 0x40000000008))
  (global $g (mut i32) (i32.const 7)))
