;; attack: takes all memory in _initialize, and all that a call may have
;; call: - ok 0x00010000
;; call: - ok 0x00010000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i32.store (i32.const 1024) (memory.size))
    (i64.const 0x40000000004))
  (func (export "_initialize") (drop (memory.grow (i32.const 255)))))
