;; attack: reads an asset that does not exist as fast as it can
;; expect: limit-time
(module
  (import "bulkhead_v1" "read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $read (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 65536))) (br $again))
    (i64.const 0)))
