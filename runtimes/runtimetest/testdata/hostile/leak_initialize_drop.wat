;; attack: drops segments in _initialize, before the snapshot: every call must find them dropped
;; repeat: 5
;; expect: trap
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (memory.init $d (i32.const 1024) (i32.const 0) (i32.const 4))
    (i64.const 0))
  (data $d "abcd")
  (func (export "_initialize") (data.drop $d)))
