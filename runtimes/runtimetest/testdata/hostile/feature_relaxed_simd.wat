;; attack: relaxed SIMD, whose results differ from machine to machine
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (drop (i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const i64x2 3 4)))
    (i64.const 0)))
