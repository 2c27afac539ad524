;; attack: leaves a secret in memory and lies about its answer
;; call: x bad-output
;; call: - ok 0x00000000
;; call: x bad-output
;; call: - ok 0x00000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (i32.store (i32.const 1024) (i32.const 42))
      (return (i64.const -1))))
    (i64.const 0x40000000004)))
