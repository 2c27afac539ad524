;; attack: reads what the last request left in the input buffer
;; call: secretsecret ok 0x65637265
;; call: x ok 0x00000000
;; call: secretsecret ok 0x65637265
;; call: x ok 0x00000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (i32.load offset=1 (local.get $at)))
    (i64.const 0x40000000004)))
