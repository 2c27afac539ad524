;; attack: answers an error that would take over a terminal: it is text, and the host must quote it
;; expect: error-answer
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0x40080000008))
  (data (i32.const 1024) "\1b[2Jok\0a\00"))
