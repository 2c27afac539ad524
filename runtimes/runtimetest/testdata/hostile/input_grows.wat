;; attack: input takes all memory for every larger request
;; call: 5000*x ok
;; call: x ok 0x01000000
;; call: 5000*x ok
;; call: x ok 0x01000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param $length i32) (result i32)
    (if (i32.gt_u (local.get $length) (i32.const 4096)) (then
      (drop (memory.grow (i32.const 100)))
      (return (i32.const 65536))))
    (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (i32.gt_u (local.get $length) (i32.const 4096)) (then (return (i64.const 0))))
    (i32.store (i32.const 1024) (memory.size))
    (i64.const 0x40000000004)))
