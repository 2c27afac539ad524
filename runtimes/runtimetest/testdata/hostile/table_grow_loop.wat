;; attack: grows a table until it may not, and goes on
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (table.grow $t (ref.null extern) (i32.const 1000))) (br $again))
    (i64.const 0))
  (table $t 0 externref))
