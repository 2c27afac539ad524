;; attack: spins in vector arithmetic
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $v v128)
    (loop $again
      (local.set $v (f64x2.sqrt (f64x2.add (local.get $v) (v128.const f64x2 1 2))))
      (br $again))
    (i64.const 0)))
