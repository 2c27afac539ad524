// Package runtimes is the contract between the host and whatever runs a plugin: bytes in, bytes out.
//
// A Backend is an engine with the sandbox around it. All backends behave alike; runtimes/runtimetest is the suite that
// says what alike means. Limits, the context of a Host and the measure of a call are here once, for all who keep the
// contract or ask for it.
package runtimes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/abi"
)

// A Backend loads plugins. It is safe for concurrent use.
type Backend interface {
	// Load refuses bad structure and ungranted imports by name (a *LoadError) before any guest code runs, then runs
	// _initialize and configure once, under StartFactor times p.Limits, and keeps the snapshot. It keeps p.Wasm, p.Config
	// and p.Assets; the caller must not change them afterwards.
	Load(ctx context.Context, p Program) (Module, error)
	// Close frees the engine. Every Module must be closed before.
	Close(ctx context.Context) error
}

// A Module answers requests, each on a clean instance. It is safe for concurrent use. Pool and reset are its own affair.
type Module interface {
	// Call appends the answer to dst. Host gets a context with ctx's values that ends with ctx, with the call's Timeout, or
	// with the call, and MUST NOT keep it. A *GuestError is the plugin's own error answer; ErrTrap, ErrBadOutput and
	// ErrLimit cost the instance, which Call replaces. A ctx that is done ends the call with ctx's error, at the latest
	// Grace after it; so does Timeout, which counts from the start of Call, waiting for an instance included, with
	// ErrLimit.
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

// A Meter is a Module that says what a call used. Every Module of this project is one.
type Meter interface {
	// Measure is Call. It sets u, also after an error.
	Measure(ctx context.Context, dst, request []byte, u *Usage) ([]byte, error)
}

// Measure calls m and sets u, to zero if m is no Meter.
func Measure(ctx context.Context, m Module, dst, request []byte, u *Usage) ([]byte, error) {
	if meter, ok := m.(Meter); ok {
		return meter.Measure(ctx, dst, request, u)
	}
	*u = Usage{}
	return m.Call(ctx, dst, request)
}

// Usage is what one call used.
type Usage struct {
	Fuel     uint64 // units, as package wasm charges them
	Memory   uint64 // bytes of linear memory at the end
	Reported bool   // the figures are a worker's word, and a worker is as hostile as its guest
}

// A Reporter is a Module that says how it is. Every Module of this project is one.
type Reporter interface{ Status() Status }

// Versioned is a Backend that says what it runs plugins on: the library and its version, as in "wazero v1.12.0".
type Versioned interface{ Version() string }

// Status is how a module is, and what happened to it since Load.
type Status struct {
	Instances int    // alive, at work or idle; with workers, one for each
	Idle      int    // ready for a call
	Calls     uint64 // ended, whichever way
	Replaced  uint64 // instances thrown away: trapped, grown, not restorable
	Deaths    uint64 // workers that died or were killed
	Dropped   uint64 // log lines and standard output that nobody saw: bad pointer, no grant, over quota, refused by the Host
	Panics    uint64 // panics of the Host, answered with ErrInternal

	Quarantined time.Time // calls are refused with ErrQuarantined until then; zero: they are not
	Reason      string    // of the last death or quarantine, one line
}

// A Cache keeps compiled code for one plugin. What it returns runs with the host's rights: it MUST return only bytes that
// Put was given for the same key on this host, and nothing when in doubt. It is safe for concurrent use.
type Cache interface {
	// Get returns the code for key, nil if there is none. The caller does not change it.
	Get(key string) []byte
	// Put keeps code, or does not.
	Put(key string, code []byte)
}

// A Program is one plugin as the host wants it run.
type Program struct {
	Name   string // alias, for errors and logs
	Wasm   []byte
	Config []byte   // JSON object for configure; nil: the plugin has no config, and configure, if exported, gets {}
	Assets [][]byte // by read slot
	Grants abi.Grants
	WASI   bool // the descriptor declares wasi = true
	// RelaxedSIMD says that Wasm may use relaxed SIMD, whose results differ from processor to processor where the standard
	// leaves it to them. A Backend that has it not refuses the program, whatever is in it.
	RelaxedSIMD bool
	Stateful    bool // calls share one instance, which keeps its memory; declared by the descriptor and granted
	Host        Host
	Limits      Limits
	Cache       Cache // nil: compile every time
	// Quarantined, if not nil, is told of each quarantine when it begins, with the Status of that moment. It runs on a goroutine
	// of its own, holds no call, and the Module's Close waits for it.
	Quarantined func(Status)
}

// Errors of Call and, wrapped in a LoadError, of Load.
var (
	ErrTrap        = errors.New("trap")
	ErrBadOutput   = errors.New("bad output")
	ErrLimit       = errors.New("limit reached") // time, fuel, memory, stack, output
	ErrDied        = errors.New("worker died")   // and took the call with it
	ErrQuarantined = errors.New("plugin is in quarantine")
	ErrClosed      = errors.New("module is closed")
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
