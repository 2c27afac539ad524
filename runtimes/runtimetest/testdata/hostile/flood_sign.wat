;; attack: signs as fast as it can
;; expect: limit-time
;; grants: sign
(module
  (import "bulkhead_v1" "sign" (func $sign (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (call $sign (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const 0) (i32.const 4096))) (br $again))
    (i64.const 0)))
