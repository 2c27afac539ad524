package both

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
	"bulkhead/sdk/sdktest"
)

// Compiling a Go guest takes a good part of a second, and tests have many cases with few configs. So modules are kept,
// those in use and a few more, and find the fake host of their test in the context of each call.

const (
	keep = 4 // modules that nobody uses

	// Of one call: a test of a plugin is no test of its limits.
	memory  = 256 << 20
	timeout = time.Minute
	fuel    = 1e12
)

var cache = modules{backend: wazero.New()}

type modules struct {
	backend runtimes.Backend
	mu      sync.Mutex
	all     []*loaded // in the order of their last use
}

type loaded struct {
	key    [sha256.Size]byte
	module runtimes.Module
	lines  []sdktest.Line // logged while loading
	users  int
}

func program(t *testing.T, c sdktest.Config, config []byte) runtimes.Program {
	t.Helper()
	return runtimes.Program{
		Name: "under-test", Wasm: build(t), Config: config, Assets: c.Assets, Grants: c.Grants, WASI: true,
		Host: byContext{}, Limits: runtimes.Limits{Memory: memory, Timeout: timeout, Fuel: fuel},
	}
}

// acquire returns a module for p, loading it if there is none. Every acquire needs a release.
func (c *modules) acquire(ctx context.Context, p runtimes.Program) (*loaded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := keyOf(p)
	i := slices.IndexFunc(c.all, func(l *loaded) bool { return l.key == key })
	if i >= 0 {
		l := c.all[i]
		c.all = append(slices.Delete(c.all, i, i+1), l)
		l.users++
		return l, nil
	}
	log := &recorder{}
	m, err := c.backend.Load(withHost(ctx, log), p)
	if err != nil {
		return nil, err
	}
	l := &loaded{key: key, module: m, lines: log.lines, users: 1}
	c.all = append(c.all, l)
	return l, nil
}

func (c *modules) release(l *loaded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.users--
	unused := 0
	for i := len(c.all) - 1; i >= 0; i-- {
		if c.all[i].users > 0 {
			continue
		}
		if unused++; unused > keep {
			c.all[i].module.Close(context.Background())
			c.all = slices.Delete(c.all, i, i+1)
		}
	}
}

// keyOf covers what differs between the programs of one test binary.
func keyOf(p runtimes.Program) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, part := range append([][]byte{{byte(p.Grants)}, p.Config}, p.Assets...) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	h.Sum(key[:0])
	return key
}

// A host is what a module's host functions reach: the fake host of a test, or a recorder.
type host interface {
	Capability(c abi.Capability, slot uint32, in []byte) ([]byte, error)
}

type hostKey struct{}

func withHost(ctx context.Context, h host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

// byContext implements runtimes.Host for the host in the context.
type byContext struct{}

// Capability implements runtimes.Host.
func (byContext) Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	h, ok := ctx.Value(hostKey{}).(host)
	if !ok {
		return nil, abi.ErrUnavailable
	}
	answer, err := h.Capability(c, slot, in)
	return append(dst, answer...), err
}

// A recorder keeps what is logged while a module loads, when no other capability works.
type recorder struct{ lines []sdktest.Line }

// Capability implements host.
func (r *recorder) Capability(c abi.Capability, slot uint32, in []byte) ([]byte, error) {
	if c != abi.Log {
		return nil, abi.ErrUnavailable
	}
	r.lines = append(r.lines, sdktest.Line{Level: abi.Level(slot), Text: string(in)})
	return nil, nil
}
