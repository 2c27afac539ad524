package capability

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A Model is what an infer slot is connected to.
type Model struct {
	Plugin      gate.PluginRef // the model plugin, as entries name it
	Module      runtimes.Module
	InputBytes  int  // the exact size of one example: all inputs of its descriptor
	OutputBytes int  // the exact size of an example's answer
	Batch       int  // most examples of one request; 0 means 1
	AnySize     bool // of requests and answers, for the workbench's echo; the numbers are 0 then
}

// answers returns the size of the answer to a request of n bytes, -1 for any; whether the model takes such a request.
func (m *Model) answers(n int) (size int, ok bool) {
	if m.AnySize {
		return -1, true
	}
	examples := n / m.InputBytes
	return examples * m.OutputBytes, examples >= 1 && examples <= m.batch() && examples*m.InputBytes == n
}

func (m *Model) batch() int { return max(m.Batch, 1) }

func (c *Config) checkModels() error {
	for i, m := range c.Models {
		switch {
		case m.Module == nil || m.Plugin.Alias == "" || !matches(hexDigest, m.Plugin.Digest):
			return fmt.Errorf("infer slot %d has no model", i)
		case m.Plugin.Alias == c.Alias:
			return fmt.Errorf("infer slot %d is the plugin itself", i)
		case m.AnySize && (m.InputBytes != 0 || m.OutputBytes != 0 || m.Batch != 0):
			return fmt.Errorf("infer slot %d has sizes and takes any", i)
		case m.AnySize:
		case m.Batch < 0 || m.Batch > abi.MaxBatch:
			return fmt.Errorf("infer slot %d has a batch of %d, want 1 to %d", i, m.Batch, abi.MaxBatch)
		case m.InputBytes < 1 || m.InputBytes > abi.MaxRequest/m.batch() || m.OutputBytes < 1 || m.OutputBytes > abi.MaxAnswer/m.batch():
			return fmt.Errorf("infer slot %d has no sizes within the ABI's limits", i)
		}
	}
	return nil
}

// Infer implements runtimes.Inferrer: out may be the memory of the guest.
func (b *Binding) Infer(ctx context.Context, slot uint32, out, in []byte) ([]byte, error) {
	return b.Capability(ctx, abi.Infer, slot, out[:0:len(out)], in)
}

// infer runs a model for the plugin: as part of the same call, with its deadline, and noted in its result entry. A model
// is granted log alone, so that the chain ends here.
func (b *Binding) infer(ctx context.Context, r *gate.Running, slot uint32, dst, in []byte) ([]byte, error) {
	if err := b.spend(abi.Infer, 1); err != nil {
		return dst, err
	}
	if uint64(slot) >= uint64(len(b.Models)) {
		return dst, abi.ErrNotFound
	}
	m := &b.Models[slot]
	want, ok := m.answers(len(in))
	if !ok {
		return dst, abi.ErrInvalid
	}
	out, err := b.run(ctx, r, m, dst, in, want)
	if b.chooser != nil && b.chooser.Wants(gate.CapabilityInfer) {
		if err := b.inferred(ctx, r, m, err); err != nil {
			return dst, err
		}
	}
	if err != nil {
		return dst, b.modelError(ctx, m, err)
	}
	return out, nil
}

// run has a model answer behind dst, with so many bytes, or any number. Nothing is written there before it has.
func (b *Binding) run(ctx context.Context, r *gate.Running, m *Model, dst, in []byte, size int) ([]byte, error) {
	inner := r.Enter(ctx, b.Alias, m.Plugin)
	defer inner.End()
	if size < 0 {
		answer, err := runtimes.Measure(inner, m.Module, nil, in, &inner.Usage)
		return append(dst, answer...), err
	}
	whole := slices.Grow(dst, size)[:len(dst)+size]
	return whole, runtimes.Fill(inner, m.Module, whole[len(dst):], in, &inner.Usage)
}

// inferred records that a model ran for the plugin, whatever came of it, and even if the call is over by now.
func (b *Binding) inferred(ctx context.Context, r *gate.Running, m *Model, failure error) error {
	e := b.entry(r, abi.Infer, gate.CapabilityInfer)
	e.Resource, e.Plugins = m.Plugin.Alias, append(e.Plugins, m.Plugin)
	if failure != nil {
		e.Outcome, e.Reason = gate.Failure, gate.Escape(shorten(failure.Error(), abi.MaxReason))
	}
	return b.record(context.WithoutCancel(ctx), e)
}

// modelError tells the host what went wrong, and the plugin which kind of thing.
func (b *Binding) modelError(ctx context.Context, m *Model, err error) error {
	b.write(ctx, slog.LevelWarn, "infer failed", []slog.Attr{
		slog.String("model", m.Plugin.Alias), slog.String("error", gate.Escape(shorten(err.Error(), abi.MaxLogLine))),
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
