;; attack: drops an element segment: the next call must have it
;; call: - ok
;; call: x ok
;; call: - ok
;; call: x ok
;; call: - ok
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then (elem.drop $e) (return (i64.const 0))))
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))
    (i64.const 0))
  (table $t 2 funcref)
  (elem $e func $f)
  (func $f))
