;; attack: sets global 1 of a module without globals: after metering, that would be the depth
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (global.set 1 (i32.const 0x7fffffff))
    (i64.const 0)))
