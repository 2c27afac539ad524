;; attack: leaves a secret at the very end of memory
;; call: - ok 0x00000000
;; call: x ok
;; call: - ok 0x00000000
;; call: x ok
;; call: - ok 0x00000000
(module
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (i32.store (i32.const 0xfffffc) (i32.const 42))
      (return (i64.const 0))))
    (i32.store (i32.const 1024) (i32.load (i32.const 0xfffffc)))
    (i64.const 0x40000000004)))
