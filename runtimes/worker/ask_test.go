package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulkhead/abi"
)

// A hostFunc is a Host.
type hostFunc func(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error)

func (f hostFunc) Capability(ctx context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	return f(ctx, c, slot, dst, in)
}

// The Host gets the values of the caller's context, its end, and the call's own deadline, and nothing of it afterwards.
func TestLentContext(t *testing.T) {
	type key struct{}
	var kept context.Context
	h := hostFunc(func(ctx context.Context, _ abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
		kept = ctx
		d, ok := ctx.Deadline()
		if ctx.Value(key{}) != "mine" || !ok || time.Until(d) > 1500*time.Millisecond || ctx.Err() != nil || slot != 2 || string(in) != "question" {
			return nil, abi.ErrDenied
		}
		child, cancel := context.WithCancel(ctx)
		defer cancel()
		if child.Value(key{}) != "mine" || child.Err() != nil {
			return nil, abi.ErrDenied
		}
		return append(dst, "answer"...), nil
	})
	w := modestWorld(t, h)
	ctx := context.WithValue(t.Context(), key{}, "mine")
	if answer, err := w.Call(ctx, nil, []byte("infer")); string(answer) != "answer" || err != nil {
		t.Errorf("%q %v", answer, err)
	}
	<-kept.Done()
	if err := kept.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the call its context says %v, want context.Canceled", err)
	}
}

// What the Host answers reaches the worker, or the errno of its error, and of a panic.
func TestHostErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func() ([]byte, error)
		want   error
	}{
		"errno":    {func() ([]byte, error) { return []byte("secret"), abi.ErrNotFound }, abi.ErrNotFound},
		"other":    {func() ([]byte, error) { return nil, errors.New("disk on fire") }, abi.ErrInternal},
		"panic":    {func() ([]byte, error) { panic("!") }, abi.ErrInternal},
		"too long": {func() ([]byte, error) { return make([]byte, abi.MaxAnswer+1), nil }, abi.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			w := modestWorld(t, hostFunc(func(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) { return tt.answer() }))
			if _, err := w.Call(t.Context(), nil, []byte("infer")); err == nil || err.Error() != tt.want.Error() {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if s := w.Status(); (s.Panics == 1) != (name == "panic") {
				t.Errorf("%+v", s)
			}
			for _, b := range w.idle[0].area(areaReply)[:64] {
				if b != 0 {
					t.Fatal("a refused answer lies in shared memory")
				}
			}
		})
	}
}

// Every call starts from nothing.
func TestProgress(t *testing.T) {
	h := &witness{}
	w := modestWorld(t, h)
	for _, text := range []string{"progress", "no progress", "progress"} {
		if _, err := w.Call(t.Context(), nil, []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if r := w.idle[0].ratio; r != (abi.Ratio{}) {
			t.Errorf("%s: %+v is left of the call", text, r)
		}
	}
	if h.calls[abi.Progress].Load() != 2 {
		t.Errorf("progress reached the Host %d times", h.calls[abi.Progress].Load())
	}
}
