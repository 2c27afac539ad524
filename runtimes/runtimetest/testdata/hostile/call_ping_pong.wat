;; attack: two functions that call each other through a table, again and again from a loop
;; expect: limit-time
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (loop $again
      (global.set $depth (i32.const 0))
      (call_indirect (type $none) (i32.const 0))
      (br $again))
    (i64.const 0))
  (type $none (func))
  (table 2 funcref)
  (elem (i32.const 0) func $ping $pong)
  (global $depth (mut i32) (i32.const 0))
  (func $ping
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (if (i32.lt_u (global.get $depth) (i32.const 100))
      (then (call_indirect (type $none) (i32.const 1)))))
  (func $pong
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (if (i32.lt_u (global.get $depth) (i32.const 100))
      (then (call_indirect (type $none) (i32.const 0))))))
