package guest

import (
	"context"

	"bulkhead/runtimes/image"
	"bulkhead/runtimes/wasm"
)

// An Engine is what this package needs of a third-party library. It is safe for concurrent use.
type Engine interface {
	// Version names the library and its version, as in "wazero v1.12.0".
	Version() string
	// ID names, beside that, whatever else compiled code depends on: processor, settings.
	ID() string
	// Validate accepts exactly the modules that are valid with the features of ABI v1 and no others. The bytes have passed
	// wasm.Read. It keeps nothing.
	Validate(ctx context.Context, module []byte) error
	// Compile compiles a module and links it with imports, which are all that it will ever reach. No guest code runs. The
	// memory of one instance may grow to pages of 64 KiB; a module that starts with more is refused. code is what Code
	// answered to Serialize for the same module on an engine with the same ID, and then there is nothing to compile, or nil.
	// An error with code says only that it is of no use.
	Compile(ctx context.Context, module []byte, imports []Import, pages uint32, code []byte) (Code, error)
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
// MUST end the guest's run, as a trap does. It never panics. An exported Func returns an error for every trap, ErrStack if
// the engine's own stack ran out before the budget of the guest's.
type Func func(ctx context.Context, stack []uint64) error

// Code is a compiled module. It is safe for concurrent use.
type Code interface {
	// Instantiate makes an instance that shares nothing with any other. No guest code runs.
	Instantiate(ctx context.Context) (Instance, error)
	// Serialize returns what makes the next Compile of the same module fast, or nil. It is asked once, after Compile.
	Serialize() []byte
	// Close frees the code, after every Instance.
	Close(ctx context.Context) error
}

// An Instance runs one export at a time.
type Instance interface {
	// Export finds an exported function, nil if there is none. It is worth keeping.
	Export(name string) Func
	// Global finds an exported mutable global of a number type, nil if there is none. It is worth keeping.
	Global(name string) Global
	// Memory is the memory that the module exports as "memory", all of it. The slice is valid until the guest runs on.
	Memory() []byte
	// Grow grows the memory by pages of 64 KiB, or reports that it may not.
	Grow(pages uint32) bool
	Close(ctx context.Context) error
}

// A Global is a mutable global of type i32, i64, f32 or f64, as bits.
type Global interface {
	Get() uint64
	Set(bits uint64)
}

// Fuel is the fuel of one run, where its instance can see it.
type Fuel struct {
	Given uint64 // units that the guest got so far: what of them is not in its counter has been used
	Total uint64 // units that it may use
}

// Slice is how many units a guest gets at once.
const Slice = 20_000

// A Refueler is an Instance that can give its guest the next slice itself, without the import yield. It MAY do so if the
// counter is not StackOverflow and Given - counter + Slice is at most Total: that is Given then, and Slice is what yield
// returns. Besides, it MUST call the import every 10 ms that the guest runs, if the guest yields.
type Refueler interface {
	// Fuel is where the instance looks, always the same.
	Fuel() *Fuel
}

// A Relaxed is an Engine whose Validate and Compile take relaxed SIMD too. What its instructions leave open is the
// processor's answer.
type Relaxed interface {
	Engine
	RelaxedSIMD()
}

// A Freezer is an Instance whose memory can be put back faster than by a copy: copy on write from an image that all
// instances of one Code share.
type Freezer interface {
	// Freeze makes an image of the present memory, which is closed after the last instance that thawed it. An error means
	// that a copy is the better snapshot. The guest MUST NOT run meanwhile.
	Freeze() (*image.Image, error)
	// Thaw makes Memory equal to an image of the same Code, whose size it MUST have.
	Thaw(*image.Image) error
}
