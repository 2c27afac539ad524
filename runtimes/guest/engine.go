package guest

import (
	"context"

	"bulkhead/runtimes/wasm"
)

// An Engine is what this package needs of a third-party library. It is safe for concurrent use.
type Engine interface {
	// Compile validates and compiles a module, against the features of ABI v1 and no others, and links it with imports,
	// which are all that it will ever reach. No guest code runs. The memory of one instance may grow to pages of 64 KiB;
	// a module that starts with more is refused.
	Compile(ctx context.Context, module []byte, imports []Import, pages uint32) (Code, error)
	// Close frees the engine, after every Code.
	Close(ctx context.Context) error
}

// An Import is a host function to link. No two of one module have the same names.
type Import struct {
	Module, Name string
	Type         wasm.FuncType
	Func         Func
}

// A Func is a function at the boundary, from either side: parameters are at the front of stack, in order, and results are
// left there; stack has room for the longer of both. Of a slot that holds an i32 only the low 32 bits count.
//
// An imported Func gets the very ctx of the exported one on whose behalf it runs; when it returns an error, the engine
// MUST end the guest's run, as a trap does. It never panics. An exported Func returns an error for every trap.
type Func func(ctx context.Context, stack []uint64) error

// Code is a compiled module. It is safe for concurrent use.
type Code interface {
	// Instantiate makes an instance that shares nothing with any other. No guest code runs.
	Instantiate(ctx context.Context) (Instance, error)
	// Close frees the code, after every Instance.
	Close(ctx context.Context) error
}

// An Instance runs one export at a time.
type Instance interface {
	// Export finds an exported function, nil if there is none. It is worth keeping.
	Export(name string) Func
	// Memory is the memory that the module exports as "memory", all of it. The slice is valid until the guest runs on.
	Memory() []byte
	Close(ctx context.Context) error
}
