// Package sandbox runs a compiled plugin, written in whatever language, for tests with package sdktest.
//
//	m := sandbox.New(t, sandbox.Config{Backend: wazero.New(), Wasm: module})
//	p := sdktest.New(t, sdktest.Config{Assets: assets}, m)
//	answer, err := p.Model(in)
package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/sdk/sdktest"
)

// Config says what to run, and where.
type Config struct {
	Backend     runtimes.Backend // New closes it at the end of the test
	Wasm        []byte
	WASI        bool
	RelaxedSIMD bool            // the module may use relaxed SIMD; the backend must offer it
	Limits      runtimes.Limits // the zero value: 64 MiB, a minute and 10^12 units of fuel
}

// New returns a machine that loads the module anew each time that it is configured.
func New(t testing.TB, c Config) sdktest.Machine {
	if c.Limits == (runtimes.Limits{}) {
		c.Limits = runtimes.Limits{Memory: 64 << 20, Timeout: time.Minute, Fuel: 1e12}
	}
	m := &machine{t: t, config: c}
	t.Cleanup(m.close)
	return m
}

type machine struct {
	t      testing.TB
	config Config
	module runtimes.Module
}

// Configure implements sdktest.Machine.
func (m *machine) Configure(h *sdktest.Host, config []byte) error {
	m.unload()
	if string(config) == "{}" {
		config = nil // the same, also for a plugin that takes none
	}
	c := h.Config()
	module, err := m.config.Backend.Load(m.t.Context(), runtimes.Program{
		Name: "under-test", Wasm: m.config.Wasm, Config: config, Assets: c.Assets, Grants: c.Grants, WASI: m.config.WASI,
		RelaxedSIMD: m.config.RelaxedSIMD, Host: host{h}, Limits: m.config.Limits,
	})
	if err != nil {
		return own(err)
	}
	m.module = module
	return nil
}

// Handle implements sdktest.Machine.
func (m *machine) Handle(_ *sdktest.Host, request []byte) ([]byte, error) {
	if m.module == nil {
		return nil, errors.New("the plugin was refused when it was configured")
	}
	answer, err := m.module.Call(m.t.Context(), nil, request)
	return answer, own(err)
}

func (m *machine) unload() {
	if m.module != nil {
		m.module.Close(context.Background())
		m.module = nil
	}
}

func (m *machine) close() {
	m.unload()
	m.config.Backend.Close(context.Background())
}

// own tells the plugin's own error from what went wrong with it.
func own(err error) error {
	var theirs *runtimes.GuestError
	if errors.As(err, &theirs) {
		return &sdktest.Error{Text: theirs.Text}
	}
	return err
}

// A host lets the fake host answer.
type host struct{ *sdktest.Host }

// Capability implements runtimes.Host.
func (h host) Capability(_ context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	answer, err := h.Host.Capability(c, slot, in)
	return append(dst, answer...), err
}
