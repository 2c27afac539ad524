;; attack: copies half of its memory in a loop
;; expect: limit-time
(module
  (memory (export "memory") 256)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again
      (memory.copy (i32.const 0) (i32.const 0x800000) (i32.const 0x800000))
      (br $again))
    (i64.const 0)))
