;; attack: spins in loops inside loops, each of which ends soon
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $i i32) (local $j i32)
    (loop $outer
      (local.set $i (i32.const 3))
      (loop $middle
        (local.set $j (i32.const 3))
        (loop $inner
          (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
        (br_if $middle (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br $outer))
    (i64.const 0)))
