;; attack: goes round by br_table that carries a value
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $i i32)
    (i64.const 0)
    (loop $a (param i64) (result i64)
      (loop $b (param i64) (result i64)
        (br_table $a $b (local.tee $i (i32.xor (local.get $i) (i32.const 1))))))))
