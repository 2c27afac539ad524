package capability

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A Model is what an infer slot is connected to.
type Model struct {
	Alias       string
	Digest      string // the model plugin's digest, SHA-256 in hex
	Module      runtimes.Module
	InputBytes  int  // the exact size of a request: all inputs of its descriptor
	OutputBytes int  // the exact size of an answer
	AnySize     bool // of requests and answers, for the workbench's echo; the sizes are 0 then
}

func (m *Model) takes(n int) bool { return m.AnySize || n == m.InputBytes }
func (m *Model) gives(n int) bool { return n >= 0 && (m.AnySize || n == m.OutputBytes) }

func (c *Config) checkModels() error {
	for i, m := range c.Models {
		switch {
		case m.Module == nil || m.Alias == "" || !matches(hexDigest, m.Digest):
			return fmt.Errorf("infer slot %d has no model", i)
		case m.Alias == c.Alias:
			return fmt.Errorf("infer slot %d is the plugin itself", i)
		case m.AnySize && (m.InputBytes != 0 || m.OutputBytes != 0):
			return fmt.Errorf("infer slot %d has sizes and takes any", i)
		case m.AnySize:
		case m.InputBytes < 1 || m.InputBytes > abi.MaxRequest || m.OutputBytes < 1 || m.OutputBytes > abi.MaxAnswer:
			return fmt.Errorf("infer slot %d has no sizes within the ABI's limits", i)
		}
	}
	return nil
}

// infer runs a model for the plugin: as part of the same call, with its deadline, and noted in its result entry. A model
// is granted log alone, so that the chain ends here.
func (b *binding) infer(ctx context.Context, r *gate.Running, slot uint32, dst, in []byte) ([]byte, error) {
	if err := spend(b.limits.infer, 1); err != nil {
		return dst, err
	}
	if uint64(slot) >= uint64(len(b.Models)) {
		return dst, abi.ErrNotFound
	}
	m := &b.Models[slot]
	if !m.takes(len(in)) {
		return dst, abi.ErrInvalid
	}
	r.Use(gate.PluginRef{Alias: m.Alias, Digest: m.Digest})
	within := gate.WithRunning(ctx, &gate.Running{Call: r.Call, Trace: r.Trace, Principal: r.Principal, Via: b.Alias})
	out, err := r.Measure(within, m.Module, dst, in)
	if err == nil && !m.gives(len(out)-len(dst)) {
		err = fmt.Errorf("%w: the answer has %d bytes, not %d", runtimes.ErrBadOutput, len(out)-len(dst), m.OutputBytes)
	}
	if err != nil {
		return dst, b.modelError(ctx, m, err)
	}
	return out, nil
}

// modelError tells the host what went wrong, and the plugin which kind of thing.
func (b *binding) modelError(ctx context.Context, m *Model, err error) error {
	b.write(ctx, slog.LevelWarn, "infer failed", []slog.Attr{
		slog.String("model", m.Alias), slog.String("error", gate.Escape(shorten(err.Error(), abi.MaxLogLine))),
	})
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return abi.ErrDeadline
	case errors.Is(err, runtimes.ErrLimit):
		return abi.ErrLimit
	case errors.Is(err, runtimes.ErrClosed), errors.Is(err, runtimes.ErrQuarantined):
		return abi.ErrUnavailable
	}
	return abi.ErrInternal // never the model's own words: they are for the log
}
