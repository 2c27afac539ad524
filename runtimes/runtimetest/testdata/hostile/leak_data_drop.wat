;; attack: drops a data segment: the next call must have it
;; call: - ok
;; call: x ok
;; call: - ok
;; call: x ok
;; call: - ok
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then (data.drop $d) (return (i64.const 0))))
    (memory.init $d (i32.const 1024) (i32.const 0) (i32.const 4))
    (i64.const 0))
  (data $d "abcd"))
