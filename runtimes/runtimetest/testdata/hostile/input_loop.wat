;; attack: input spins at load: fuel ends it
;; expect: refused
;; fuel: 1M
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param $length i32) (result i32)
    (loop $again (br $again))
    (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
