// Package wasi is the subset of WASI preview 1 that language runtimes need, for any engine.
//
// A guest gets clocks in steps of 1 ms, random bytes, empty arguments and environment, standard output and error as log
// lines, bounded sleep, and nothing else: whatever takes a descriptor answers EBADF, the rest ENOSYS. Every name of
// preview 1 can be imported, with its own type, because runtimes import more than they call.
package wasi

import (
	"context"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes/wasm"
)

// MaxChunk is the largest number of bytes that one random_get may ask for and that one fd_write takes.
const MaxChunk = 64 << 10

// An errno is a WASI preview 1 error number.
type errno uint64

const (
	success errno = 0
	badf    errno = 8
	fault   errno = 21
	inval   errno = 28
	nosys   errno = 52
)

// A Guest is the running call as these functions see it.
type Guest interface {
	// Window returns the n bytes of guest memory at address, for reading and writing during the host function, or false
	// if they are not all there.
	Window(address, n uint32) ([]byte, bool)
	// Stdio returns the call's standard output and error.
	Stdio() *Stdio
	// Log takes one line of standard output (LevelInfo) or standard error (LevelWarn), without its newline.
	Log(level abi.Level, line []byte)
	// Drop counts a line that was not logged.
	Drop()
	// Pay charges the guest for n bytes that are moved and looks at its deadline. After an error the run ends, whatever the
	// function answers.
	Pay(n int) error
}

// A Function is one importable function of preview 1. Run takes the parameters from the front of stack and leaves the
// result there. An error ends the call: ctx's own when it is done, or an ExitError.
type Function struct {
	Name string
	Type wasm.FuncType
	Run  func(ctx context.Context, g Guest, stack []uint64) error
}

// A System is what all calls of one plugin share: the zero of its monotonic clock.
type System struct{ epoch time.Time }

// New returns a System whose monotonic clock starts now.
func New() *System { return &System{epoch: time.Now()} }

// simple makes a Run of a function that never ends the call.
func simple(run func(g Guest, p []uint64) errno) func(context.Context, Guest, []uint64) error {
	return func(_ context.Context, g Guest, stack []uint64) error {
		stack[0] = uint64(run(g, stack))
		return nil
	}
}

func always(e errno) func(Guest, []uint64) errno {
	return func(Guest, []uint64) errno { return e }
}
