;; attack: the handler calls itself for ever
;; expect: limit-stack
;; timeout: 10s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call 1 (local.get $at) (local.get $length))))
