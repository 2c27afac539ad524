;; attack: spins in the smallest loop there is, where fuel ends before time
;; expect: limit-fuel
;; fuel: 50M
;; timeout: 10s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (br $again))
    (i64.const 0)))
