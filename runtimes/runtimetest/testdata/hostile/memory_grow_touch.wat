;; attack: grows to its limit and writes to all of it
;; expect: ok
;; answer: 0x00010000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (local $page i32)
    (loop $again
      (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 1))
      (local.set $page (i32.add (local.get $page) (i32.const 1)))
      (br_if $again (i32.or (i32.lt_u (local.get $page) (memory.size)) (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000000))
    (i32.store (i32.const 1024) (memory.size))
    (i64.const 0x40000000004)))
