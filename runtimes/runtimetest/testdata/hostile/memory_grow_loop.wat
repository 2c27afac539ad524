;; attack: grows its memory until it may not, and goes on
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (memory.grow (i32.const 1))) (br $again))
    (i64.const 0)))
