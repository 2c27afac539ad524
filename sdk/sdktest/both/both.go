// Package both runs a test of a plugin twice: natively, and as WebAssembly in the real sandbox, against the same fake
// host. It is sdktest.Run with one more subtest, for plugins inside this repository; "host plugin test" does the same for
// all others.
package both

import (
	"context"
	"errors"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/sdk/sdktest"
)

// Run runs f as the subtests "native" and "wasm". The package of the test is built with the go command, once per test
// binary. Loading it with a config for the first time costs a second or two, with the same once more nothing: test many
// configs with sdktest.Run, and some of them here. A trap, and whatever else costs an instance, fails the test. What the
// plugin writes to its standard output is among the lines of the host, as wasm only.
func Run(t *testing.T, c sdktest.Config, f func(t *testing.T, p *sdktest.Plugin)) {
	t.Helper()
	sdktest.Run(t, c, f)
	t.Run("wasm", func(t *testing.T) {
		f(t, sdktest.New(t, c, Sandbox(t)))
	})
}

// Sandbox returns the machine of the subtest "wasm", for tests that want only that. It lives until the end of t.
func Sandbox(t *testing.T) sdktest.Machine { return &sandbox{t: t} }

// A sandbox is the Machine of one subtest.
type sandbox struct {
	t       *testing.T
	current *loaded
}

// Configure implements sdktest.Machine: it loads the module, which configures it.
func (s *sandbox) Configure(h *sdktest.Host, config []byte) error {
	s.t.Helper()
	p := program(s.t, h.Config(), config)
	next, err := cache.acquire(context.Background(), p)
	if err != nil {
		return own(err)
	}
	s.t.Cleanup(func() { cache.release(next) })
	for _, line := range next.lines {
		h.Capability(abi.Log, uint32(line.Level), []byte(line.Text))
	}
	s.current = next
	return nil
}

// Handle implements sdktest.Machine.
func (s *sandbox) Handle(h *sdktest.Host, request []byte) ([]byte, error) {
	if s.current == nil {
		return nil, errors.New("the plugin was refused when it was configured")
	}
	answer, err := s.current.module.Call(withHost(s.t.Context(), h), nil, request)
	return answer, own(err)
}

// own tells the plugin's own error from what went wrong with it.
func own(err error) error {
	var theirs *runtimes.GuestError
	if errors.As(err, &theirs) {
		return &sdktest.Error{Text: theirs.Text}
	}
	return err
}
