;; attack: an endless recursion with a loop in every frame
;; expect: limit-stack
;; timeout: 10s
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param i32) (result i32) (i32.const 8192))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (call $f)
    (i64.const 0))
  (func $f (local $i i32)
    (local.set $i (i32.const 10))
    (loop $again
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (call $f)))
