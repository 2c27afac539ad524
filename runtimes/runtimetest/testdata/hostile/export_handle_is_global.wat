;; attack: exports a global by the name of the handler
;; expect: refused
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (global (export "bulkhead_v1_handle") i64 (i64.const 0)))
