;; attack: puts new references to a function in a table, in a loop
;; expect: limit-fuel
;; fuel: 1G
;; timeout: 20s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again (table.set $t (i32.const 1) (ref.func $f)) (br $again))
    (i64.const 0))
  (table $t 10 funcref)
  (elem declare func $f)
  (func $f))
