;; attack: takes references to a function in a loop, each of which is an object in wazero that stays: fuel must end it before memory
;; expect: limit-fuel
;; fuel: 1G
;; timeout: 20s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (drop (ref.func $f)) (br $again))
    (i64.const 0))
  (elem declare func $f)
  (func $f))
