// What the two engines want of a loop.
//
// wazero checks the bounds of every access, but once for all constant offsets from one pointer if the highest comes first,
// and keeps the order it is given; so: one pointer for each row, moved on after its block, and a barrier before each row,
// lest clang regroup the loads or address the rows relative to each other. wasmtime checks nothing, but moves
// every load of a loop's body to its top and spills what does not fit in 16 registers; so: small bodies, at most 13
// vectors alive.
#ifndef NN_SHAPE_H
#define NN_SHAPE_H

#define NN_UNROLLED _Pragma("clang loop unroll(full)")
#define NN_ROLLED _Pragma("clang loop unroll(disable)")

// Both give registers to sums only in functions with little else in them.
#define NN_APART __attribute__((noinline, unused)) static

#ifdef NN_RELAXED
#define NN_BARRIER(p)
#else
#define NN_BARRIER(p) __asm__ volatile("" : "+r"(p)::"memory")
#endif

#ifdef NN_FMA
#define NN_MADD(sum, a, b) sum = wasm_f32x4_relaxed_madd(a, b, sum)
#else
#define NN_MADD(sum, a, b) sum = wasm_f32x4_add(sum, wasm_f32x4_mul(a, b))
#endif

#endif
