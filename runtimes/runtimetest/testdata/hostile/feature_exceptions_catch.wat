;; attack: catches its own traps, if they were exceptions
;; expect: invalid
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (try (do (throw $t)) (catch_all))
    (i64.const 0))
  (tag $t))
