;; attack: spins in the slowest float arithmetic
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $x f64)
    (local.set $x (f64.const 3))
    (loop $again
      (local.set $x (f64.div (f64.sqrt (local.get $x)) (f64.const 1.0000001)))
      (br $again))
    (i64.const 0)))
