;; attack: exports a global by the name of the fuel counter, for the host to trust
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0))
  (global (export "__bulkhead_fuel") (mut i64) (i64.const 0x7fffffffffffffff)))
