;; attack: grows a table by 10 million and by 2^32-1 elements
;; expect: ok
;; answer: 0xffffffffffffffff
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (table.grow $t (ref.null func) (i32.const 10000000)))
    (i32.store (i32.const 1028) (table.grow $t (ref.null func) (i32.const -1)))
    (i64.const 0x40000000008))
  (table $t 1 funcref))
