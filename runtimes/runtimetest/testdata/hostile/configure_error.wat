;; attack: configure answers with an error
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0))
  (data (i32.const 1024) "no")
  (func (export "bulkhead_v1_configure") (param i32 i32) (result i64) (i64.const 0x40080000002)))
