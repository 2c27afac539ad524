;; attack: initialises 4 GiB from a segment of one byte
;; expect: trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const -1))
    (i64.const 0))
  (data $d "x"))
