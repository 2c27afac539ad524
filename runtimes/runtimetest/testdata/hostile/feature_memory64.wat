;; attack: a memory with 64-bit addresses
;; expect: invalid
(module
  (memory (export "memory") i64 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
