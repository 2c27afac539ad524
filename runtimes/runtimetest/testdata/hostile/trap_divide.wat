;; attack: divides by zero, and overflows
;; call: x trap
;; call: - trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then (return (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))))
    (i64.extend_i32_u (i32.div_u (i32.const 1) (local.get $length)))))
