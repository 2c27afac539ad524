;; attack: waits for ever on an atomic, which epochs do not end
;; expect: invalid
(module
  (memory (export "memory") 1 1 shared)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (i64.const 0)))
