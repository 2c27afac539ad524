;; attack: reports progress as fast as it can, of NaN and infinity
;; expect: limit-time
(module
  (import "bulkhead_v1" "progress" (func $progress (param f64 f64)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (call $progress (f64.const nan) (f64.const inf)) (br $again))
    (i64.const 0)))
