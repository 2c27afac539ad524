;; attack: initialises a table from a segment of 100 elements in a loop
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again
      (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 100))
      (br $again))
    (i64.const 0))
  (table $t 1000 funcref)
  (func $nothing)
  (elem $e func $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing))
