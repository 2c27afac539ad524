;; attack: converts NaN and infinity to integers
;; call: x trap
;; call: - trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then (return (i64.trunc_f64_s (f64.const nan)))))
    (i64.trunc_f32_u (f32.const inf))))
