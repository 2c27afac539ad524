;; attack: grows its memory in every call, which costs the instance every time
;; repeat: 50
;; expect: ok
;; answer: 0x01000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (memory.grow (i32.const 200)))
    (i64.const 0x40000000004)))
