package worker

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A modest module does what its request says.
type modest struct{}

func (m modest) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	return &modestModule{host: p.Host}, nil
}
func (modest) Close(context.Context) error { return nil }

type modestModule struct {
	host   runtimes.Host
	status runtimes.Status
}

func (*modestModule) Close(context.Context) error { return nil }

func (m *modestModule) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	return m.Measure(ctx, dst, request, &runtimes.Usage{})
}

func (m *modestModule) Status() runtimes.Status { return m.status }

func (m *modestModule) Measure(ctx context.Context, dst, request []byte, u *runtimes.Usage) ([]byte, error) {
	*u = runtimes.Usage{Fuel: 7, Memory: 1 << 16}
	m.status.Replaced++
	switch string(request) {
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "look": // as metered code does
		for ctx.Err() == nil {
		}
		return nil, ctx.Err()
	case "progress":
		if _, err := m.host.Capability(ctx, abi.Progress, 0, nil, []byte(progress(1, 4))); err != nil {
			return nil, err
		}
	case "log from nowhere":
		if _, err := m.host.Capability(context.Background(), abi.Log, 1, nil, nil); err == nil {
			return nil, errors.New("it was heard")
		}
	case "infer":
		answer, err := m.host.Capability(ctx, abi.Infer, 2, dst, []byte("question"))
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return answer, err
	case "other array":
		return append([]byte(nil), "elsewhere"...), nil
	case "too much":
		return make([]byte, areaSize+1), nil
	case "words":
		return nil, &runtimes.GuestError{Text: "my\nwords"}
	case "trap":
		return nil, errors.New(strings.Repeat("\xff\n", 5000))
	}
	return append(dst, request...), nil
}

func modestWorld(t *testing.T, h runtimes.Host) *world {
	p := testProgram(nil, h)
	p.Limits.Timeout = 1500 * time.Millisecond
	return mustWorld(t, p, honest(modest{}))
}

func TestMeasure(t *testing.T) {
	w := modestWorld(t, &witness{})
	var u runtimes.Usage
	if answer, err := w.Measure(t.Context(), []byte("before "), []byte("echo"), &u); string(answer) != "before echo" || err != nil {
		t.Errorf("%q %v", answer, err)
	}
	if want := (runtimes.Usage{Fuel: 7, Memory: 1 << 16, Reported: true}); u != want {
		t.Errorf("usage %+v, want %+v", u, want)
	}
	if answer, err := w.Call(t.Context(), nil, []byte("other array")); string(answer) != "elsewhere" || err != nil {
		t.Errorf("%q %v", answer, err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("too much")); !errors.Is(err, runtimes.ErrLimit) {
		t.Errorf("an answer of 16 MiB and a byte: %v", err)
	}
	if _, err := w.Call(t.Context(), nil, make([]byte, abi.MaxRequest+1)); !errors.Is(err, runtimes.ErrLimit) {
		t.Errorf("a request of 16 MiB and a byte: %v", err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("trap")); err == nil || len(err.Error()) > maxText || strings.Contains(err.Error(), "\n") {
		t.Errorf("a long error: %v", err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("words")); err == nil || err.Error() != `plugin error: "my\nwords"` {
		t.Errorf("a guest's error: %v", err)
	}
	if _, err := w.Call(t.Context(), nil, []byte("log from nowhere")); err != nil {
		t.Errorf("a capability outside of a call: %v", err)
	}
	if s := w.Status(); s.Replaced != 6 || s.Calls != 6 || s.Deaths != 0 {
		t.Errorf("%+v", s)
	}
}

// Large messages come through, and leave no pages behind when the worker has nothing more to do.
func TestLargeMessages(t *testing.T) {
	w := modestWorld(t, &witness{})
	request := make([]byte, abi.MaxRequest)
	for i := range request {
		request[i] = byte(i * 7)
	}
	answer, err := w.Call(t.Context(), nil, request)
	if err != nil || string(answer) != string(request) {
		t.Fatalf("%d bytes came back, error %v", len(answer), err)
	}
	if w := w.idle[0]; !bytes.Equal(w.area(areaRequest), request) || !w.large() {
		t.Error("the pages are gone before the next call")
	}
	soon(t, "pages to be given back", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.idle) == 1 && !w.idle[0].resting
	})
	for _, area := range []int{areaRequest, areaAnswer} {
		for i, b := range w.idle[0].area(area) {
			if i < keep && b != request[i] || i >= keep && b != 0 {
				t.Fatalf("area %d has %d at %d after the call", area, b, i)
			}
		}
	}
}

// However a call waits, it ends with its caller's context and with its own time, and the worker lives.
func TestEnds(t *testing.T) {
	blocked := hostFunc(func(ctx context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return append(dst, "too late"...), nil
	})
	for _, request := range []string{"wait", "look", "infer"} {
		w := modestWorld(t, blocked)
		for name, tt := range map[string]struct {
			end  func(context.Context) (context.Context, context.CancelFunc)
			want error
		}{
			"cancel": {func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(50*time.Millisecond, cancel)
				return ctx, cancel
			}, context.Canceled},
			"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 50*time.Millisecond)
			}, context.DeadlineExceeded},
			"time":             {context.WithCancel, runtimes.ErrLimit},
			"time, no context": {func(context.Context) (context.Context, context.CancelFunc) { return context.Background(), func() {} }, runtimes.ErrLimit},
		} {
			ctx, cancel := tt.end(t.Context())
			before := time.Now()
			if _, err := w.Call(ctx, nil, []byte(request)); !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: error %v, want %v", request, name, err, tt.want)
			}
			if took := time.Since(before); took > 1500*time.Millisecond+patient {
				t.Errorf("%s, %s: took %v", request, name, took)
			}
			cancel()
			soon(t, "a worker", func() bool { return w.Status().Idle == 1 })
		}
	}
}

// A worker that is told that its call is over ends it, and lives.
func TestToldToEnd(t *testing.T) {
	for _, request := range []string{"wait", "look"} {
		w := modestWorld(t, &witness{})
		for try := 0; ; try++ {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Millisecond, cancel)
			if _, err := w.Call(ctx, nil, []byte(request)); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v, want context.Canceled", request, err)
			}
			if w.Status().Deaths == uint64(try) {
				break
			}
			if try == 5 { // a busy machine may need more time than it gets, but not always
				t.Errorf("%s: the worker was killed", request)
				break
			}
			soon(t, "a worker", func() bool { return w.Status().Idle == 1 })
		}
	}
}

// An answer that is there before its request is none, even if it guesses the right call.
func TestAnswerInAdvance(t *testing.T) {
	answered, sent := make(chan struct{}), make(chan struct{})
	w := mustWorld(t, attacked(&witness{}), loads(func(f *fake) {
		f.send(frame{op: opReady})
		call, err := f.child.next()
		if err != nil {
			return
		}
		good(f.child, call)
		<-answered
		call.call++
		good(f.child, call)
		close(sent)
	}))
	if answer, err := w.Call(t.Context(), nil, nil); string(answer) != "good" {
		t.Errorf("%q %v", answer, err)
	}
	close(answered)
	<-sent
	if answer, err := w.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrDied) {
		t.Errorf("%q %v, want ErrDied", answer, err)
	}
}

// Shared memory that has no pages any more is the worker's death, not the host's. Other panics stay what they are.
func TestMemoryGone(t *testing.T) {
	w := mustWorld(t, attacked(&witness{}), loads(func(f *fake) {
		f.send(frame{op: opReady})
		call, err := f.child.next()
		if err == nil {
			unix.Mprotect(f.area(areaAnswer), unix.PROT_NONE)
			f.send(frame{op: opAnswer, call: call.call, n: 4})
		}
	}))
	if answer, err := w.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrDied) || answer != nil {
		t.Errorf("answer %q, error %v, want ErrDied", answer, err)
	}
	defer func() {
		if recover() != "bug" {
			t.Error("a bug was hidden")
		}
	}()
	var err error
	defer (&worker{}).caught(false, &err)
	panic("bug")
}

// No context, no worker.
func TestDoneBefore(t *testing.T) {
	w := modestWorld(t, &witness{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Call(ctx, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s := w.Status(); s.Calls != 0 {
		t.Errorf("%+v", s)
	}
}
