;; attack: copies a table of 60,000 elements in a loop
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again
      (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 59999))
      (br $again))
    (i64.const 0))
  (table $t 60000 funcref))
