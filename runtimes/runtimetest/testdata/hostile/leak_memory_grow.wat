;; attack: grows its memory, and says so by its size
;; call: - ok 0x01000000
;; call: x ok
;; call: - ok 0x01000000
;; call: x ok
;; call: - ok 0x01000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (drop (memory.grow (i32.const 5)))
      (return (i64.const 0))))
    (i32.store (i32.const 1024) (memory.size))
    (i64.const 0x40000000004)))
