// Package runtimes is the contract between the host and whatever runs a plugin: bytes in, bytes out.
//
// A Backend is an engine with the sandbox around it. All backends behave alike; runtimes/runtimetest is the suite that
// says what alike means.
package runtimes

import (
	"context"
	"errors"
	"fmt"

	"bulkhead/abi"
)

// A Backend loads plugins. It is safe for concurrent use.
type Backend interface {
	// Load refuses bad structure and ungranted imports by name (a *LoadError) before any guest code runs, then runs
	// _initialize and configure once, under p.Limits. It keeps p.Wasm, p.Config and p.Assets; the caller must not
	// change them afterwards.
	Load(ctx context.Context, p Program) (Module, error)
	// Close frees the engine. Every Module must be closed before.
	Close(ctx context.Context) error
}

// A Module answers requests, each on a clean instance. It is safe for concurrent use. Pool and reset are its own affair.
type Module interface {
	// Call appends the answer to dst. ctx reaches Host unchanged. A *GuestError is the plugin's own error answer;
	// ErrTrap, ErrBadOutput and ErrLimit cost the instance, which Call replaces. A ctx that is done before the guest
	// starts, or in a host function, ends the call with ctx's error.
	Call(ctx context.Context, dst, request []byte) ([]byte, error)
	// Close waits for running calls and frees the module. Calls after Close fail.
	Close(ctx context.Context) error
}

// A Host answers capability calls. Only granted capabilities, and Progress, reach it.
type Host interface {
	// Capability appends the answer to dst, and keeps neither dst nor in, which may be guest memory. With an error, no
	// byte of the answer reaches the guest. slot is the level of Log, the key of Sign, the model of Infer, 0 otherwise.
	// Progress has 16 bytes of in: done and total, f64 little-endian. An error that is or wraps an abi.Errno reaches the
	// guest as that number, any other as ErrInternal. A panic is recovered by the caller and is ErrInternal.
	Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error)
}

// A Program is one plugin as the host wants it run.
type Program struct {
	Name   string // alias, for errors and logs
	Wasm   []byte
	Config []byte   // JSON object for configure; nil: the plugin has no config, and configure, if exported, gets {}
	Assets [][]byte // by read slot
	Grants abi.Grants
	WASI   bool // the descriptor declares wasi = true
	Host   Host
	Limits Limits
}

// Limits of one plugin. The zero value is refused: a limit that is not declared is a mistake.
type Limits struct {
	Memory uint64 // linear memory of one instance in bytes, 1 to 4 GiB; rounded down to whole 64 KiB pages, at least one
	Answer uint64 // bytes of one answer, at most abi.MaxAnswer; 0 means abi.MaxAnswer
}

// Errors of Call and, wrapped in a LoadError, of Load.
var (
	ErrTrap      = errors.New("trap")
	ErrBadOutput = errors.New("bad output")
	ErrLimit     = errors.New("limit reached")
	ErrClosed    = errors.New("module is closed")
)

// A GuestError is the plugin's own error answer: at most abi.MaxGuestError bytes of valid UTF-8, as hostile as any other
// word of a guest. It belongs escaped into the log and never to a client.
type GuestError struct{ Text string }

// Error quotes the guest's words.
func (e *GuestError) Error() string { return fmt.Sprintf("plugin error: %q", e.Text) }

// A LoadError is a refusal of Load: structure, import or export, or what _initialize and configure did.
type LoadError struct {
	Plugin string
	Reason string
	Err    error // ErrTrap, ErrLimit, *GuestError, ...; may be nil
}

// Error says which plugin and why.
func (e *LoadError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("loading plugin %s: %s: %v", e.Plugin, e.Reason, e.Err)
	}
	return fmt.Sprintf("loading plugin %s: %s", e.Plugin, e.Reason)
}

// Unwrap returns the cause.
func (e *LoadError) Unwrap() error { return e.Err }
