;; attack: input is good at load and spins for a larger request
;; call: 5000*x limit-time
;; call: x ok
(module
  (memory (export "memory") 1)
  (func (export "bulkhead_v1_input") (param $length i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $length) (i32.const 4096)) (then (loop $again (br $again)) (unreachable)) (else (i32.const 8192))))
  (func (export "bulkhead_v1_handle") (param $at i32) (param $length i32) (result i64)
    (i64.const 0)))
