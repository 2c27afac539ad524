//go:build wasmtime

// The source is that of the guest, which lies with it.
#include "../guests/kernels/plain.c"
