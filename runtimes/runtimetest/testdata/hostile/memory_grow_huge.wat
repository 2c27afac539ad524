;; attack: grows by all the pages there are, and by 2^32-1
;; expect: ok
;; answer: 0xffffffffffffffff
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (memory.grow (i32.const 65535)))
    (i32.store (i32.const 1028) (memory.grow (i32.const -1)))
    (i64.const 0x40000000008)))
