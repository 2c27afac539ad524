;; attack: leaves a function in a table
;; call: - ok 0x01000000
;; call: x ok
;; call: - ok 0x01000000
;; call: x ok
;; call: - ok 0x01000000
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (if (local.get $length) (then
      (table.set $t (i32.const 1) (ref.func $f))
      (return (i64.const 0))))
    (i32.store (i32.const 1024) (ref.is_null (table.get $t (i32.const 1))))
    (i64.const 0x40000000004))
  (table $t 2 funcref)
  (elem declare func $f)
  (func $f))
