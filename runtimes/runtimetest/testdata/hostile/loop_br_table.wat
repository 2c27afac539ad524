;; attack: goes round by br_table alone
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $i i32)
    (loop $a
      (loop $b
        (loop $c
          (local.set $i (i32.rem_u (i32.add (local.get $i) (i32.const 1)) (i32.const 4)))
          (br_table $a $b $c $a (local.get $i)))))
    (i64.const 0)))
