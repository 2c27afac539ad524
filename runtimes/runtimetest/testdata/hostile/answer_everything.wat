;; attack: answers all of its memory
;; expect: limit-output
;; output: 1M
(module
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0x1000000)))
