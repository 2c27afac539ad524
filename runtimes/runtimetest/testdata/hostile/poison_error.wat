;; attack: leaves a secret in memory and answers with an error
;; call: x error-answer
;; call: - ok 0x00000000
;; call: x error-answer
;; call: - ok 0x00000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (i32.store (i32.const 1024) (i32.const 0x2121))
      (return (i64.const 0x40080000002))))
    (i64.const 0x40000000004)))
