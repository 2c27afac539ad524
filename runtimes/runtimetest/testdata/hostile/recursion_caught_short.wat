;; attack: goes 200 frames deep in a loop: no recursion limit helps, time must
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (call $f (i32.const 200)) (br $again))
    (i64.const 0))
  (func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))))
