package worker

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
	"bulkhead/runtimes"
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

// An inferring Host copies its input twice, with a while between, and answers the first copy in place.
type inferring struct {
	witness
	lengths, changed atomic.Int64
}

func (h *inferring) Infer(_ context.Context, _ uint32, out, in []byte) ([]byte, error) {
	first := bytes.Clone(in)
	time.Sleep(time.Millisecond)
	if !bytes.Equal(first, in) {
		h.changed.Add(1)
	}
	h.lengths.Add(int64(len(in)))
	return append(out[:0:len(out)], first...), nil
}

// fidgeting is a backend whose module changes what it asked, and what is answered, while the host is at work.
type fidgeting struct{}

func (fidgeting) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	return fidgetingModule{p.Host.(*child)}, nil
}
func (fidgeting) Close(context.Context) error { return nil }

type fidgetingModule struct{ *child }

func (m fidgetingModule) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		for n := byte(0); !stop.Load(); n++ {
			for _, area := range []int{areaInput, areaReply} {
				b := m.area(area)[:len(request)+64]
				for i := range b {
					b[i] = n
				}
			}
			runtime.Gosched()
		}
	})
	answer, err := m.Infer(ctx, 0, nil, request)
	stop.Store(true)
	all.Wait()
	if err != nil {
		return nil, err
	}
	return append(dst, make([]byte, len(answer))...), nil
}

func (fidgetingModule) Close(context.Context) error { return nil }

// The tensors of infer are looked at by nobody but the model, so that they stay in shared memory: a worker that changes
// them while the host reads has asked something else, of the same length, and harmed nobody.
func TestTensorsThatChange(t *testing.T) {
	h := &inferring{}
	m := loadWorker(t, "fidgeting", testProgram(nil, h))
	const calls, size = 50, 5000
	for range calls {
		if answer, err := m.Call(t.Context(), nil, make([]byte, size)); err != nil || len(answer) != size {
			t.Fatalf("an answer of %d bytes, error %v", len(answer), err)
		}
	}
	if n, deaths := h.lengths.Load(), m.Status().Deaths; n != calls*size || deaths != 0 {
		t.Errorf("%d bytes reached models, %d workers died", n, deaths)
	}
	if h.changed.Load() == 0 {
		t.Error("nothing changed: the attack is none")
	}
}

// Memory without a page, as when a device is full, ends who gave it, and no model that was to read it.
func TestFaultsHaveTheirOwner(t *testing.T) {
	asker, model := modestWorld(t, &witness{}), modestWorld(t, &witness{})
	w := asker.idle[0]
	gone := w.area(areaInput)[:pageSize]
	if err := unix.Mprotect(gone, unix.PROT_NONE); err != nil { // reading it faults, as reading what has no page does
		t.Fatal(err)
	}
	defer unix.Mprotect(gone, unix.PROT_READ|unix.PROT_WRITE)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var u runtimes.Usage
	if err := model.Fill(t.Context(), make([]byte, 4), gone[:4], &u); !errors.Is(err, runtimes.ErrNoPage) {
		t.Errorf("a request without a page: %v", err)
	}
	if err := model.Fill(t.Context(), gone[:4], []byte("echo"), &u); !errors.Is(err, runtimes.ErrNoPage) {
		t.Errorf("room without a page: %v", err)
	}
	out := make([]byte, 4)
	if err := model.Fill(t.Context(), out, []byte("echo"), &u); err != nil || string(out) != "echo" {
		t.Errorf("the next caller: %q, %v", out, err)
	}
	if s := model.Status(); s.Deaths != 0 || s.Idle != 1 {
		t.Errorf("the model paid for it: %+v", s)
	}
	own := model.idle[0].area(areaRequest)[:pageSize]
	if err := unix.Mprotect(own, unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	if err := model.Fill(t.Context(), out, []byte("echo"), &u); !errors.Is(err, runtimes.ErrDied) {
		t.Errorf("a worker without pages of its own: %v", err)
	}
}

// A worker whose own memory has no page for the answer is dead, and the Host did nothing wrong.
func TestAnswerWithoutAPage(t *testing.T) {
	w := modestWorld(t, &inferring{})
	reply := w.idle[0].area(areaReply)[:pageSize]
	if err := unix.Mprotect(reply, unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("infer")); !errors.Is(err, runtimes.ErrDied) {
		t.Errorf("error %v, want ErrDied", err)
	}
	if s := w.Status(); s.Panics != 0 || s.Deaths != 1 {
		t.Errorf("%+v", s)
	}
}
