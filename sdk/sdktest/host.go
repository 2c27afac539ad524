package sdktest

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"bulkhead/abi"
)

// A Host is the fake host of one test. It records what the plugin did and fails what it is told to. It is safe for
// concurrent use.
type Host struct {
	t      testing.TB
	config Config

	mu       sync.Mutex
	loading  bool
	failures map[abi.Capability]error
	lines    []Line
	audits   []json.RawMessage
	reports  []Report
}

// A Line is a line that the plugin logged.
type Line struct {
	Level abi.Level
	Text  string
}

// A Report is one progress report.
type Report struct{ Done, Total float64 }

func newHost(t testing.TB, c Config) *Host {
	return &Host{t: t, config: c, failures: map[abi.Capability]error{}}
}

// Config returns what the host offers.
func (h *Host) Config() Config { return h.config }

// Fail lets every use of c fail with err, until Fail(c, nil). An abi.Errno reaches the plugin as it is, any other error
// as abi.ErrInternal. Log and Progress, which cannot tell the plugin, do nothing instead.
func (h *Host) Fail(c abi.Capability, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures[c] = err
}

// Lines returns what was logged so far.
func (h *Host) Lines() []Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// Audits returns the JSON objects that were audited so far.
func (h *Host) Audits() []json.RawMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.audits)
}

// Reports returns the progress reports so far, those included that a real host would drop for coming too often.
func (h *Host) Reports() []Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reports)
}

func (h *Host) load(loading bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loading = loading
}

// Asset returns the file of an asset slot.
func (h *Host) Asset(slot uint32) ([]byte, error) {
	if int64(slot) >= int64(len(h.config.Assets)) {
		return nil, abi.ErrNotFound
	}
	return bytes.Clone(h.config.Assets[slot]), nil
}

// Capability answers a host function, under the rules of abi/SPEC.md. in is not kept.
func (h *Host) Capability(c abi.Capability, slot uint32, in []byte) ([]byte, error) {
	if !h.config.Grants.Has(c) {
		h.t.Errorf("the plugin used %s, which Config.Grants does not grant: a host would not load it", c)
		return nil, abi.ErrDenied
	}
	if err := h.failure(c); err != nil {
		return nil, err
	}
	switch c {
	case abi.Log:
		return nil, h.log(slot, in)
	case abi.Audit:
		return nil, h.audit(in)
	case abi.Sign:
		return h.sign(slot, in)
	case abi.Attest:
		return h.attest(in)
	case abi.Infer:
		return h.infer(slot, in)
	case abi.Progress:
		return nil, h.progress(in)
	}
	return nil, abi.ErrInternal
}

func (h *Host) failure(c abi.Capability) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loading && c != abi.Log {
		return abi.ErrUnavailable
	}
	return h.failures[c]
}
