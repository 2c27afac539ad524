;; attack: calls itself for ever with parameters and results
;; expect: limit-stack
;; timeout: 10s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call $f (i64.const 1) (i64.const 2) (f64.const 3) (f64.const 4))
    (i64.add))
  (func $f (param i64 i64 f64 f64) (result i64 i64) (call $f (local.get 1) (local.get 0) (local.get 3) (local.get 2)) (i64.const 1) (i64.add)))
