package hostile

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// A leaky backend does whatever a test wants of it. The control plugin is one of its own.
type leaky struct {
	load error
	call func(request []byte) ([]byte, error)
}

func (l *leaky) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	if p.Name == "control" {
		return &leaky{call: func(request []byte) ([]byte, error) { return request, nil }}, nil
	}
	return l, l.load
}

func (l *leaky) Call(_ context.Context, _, request []byte) ([]byte, error) { return l.call(request) }

func (l *leaky) Measure(_ context.Context, _, request []byte, _ *runtimes.Usage) ([]byte, error) {
	return l.call(request)
}

func (l *leaky) Close(context.Context) error { return nil }

// TestHarnessSees plants a fault of each kind.
func TestHarnessSees(t *testing.T) {
	late := func(d time.Duration) func([]byte) ([]byte, error) {
		return func([]byte) ([]byte, error) { time.Sleep(d); return nil, runtimes.ErrLimit }
	}
	var kept [][]byte
	stop := make(chan struct{})
	defer close(stop)
	for _, tt := range []struct {
		name   string
		fault  leaky
		attack *Attack
		want   string
	}{
		{"nothing", leaky{call: late(0)}, called("a", "a", Limit, nil), ""},
		{"refused where it must load", leaky{load: &runtimes.LoadError{}}, called("a", "a", OK, nil), "loading: refused"},
		{"loaded where it must be refused", leaky{}, invalid("a", "a"), "loading: ok"},
		{"another outcome", leaky{call: func([]byte) ([]byte, error) { return nil, runtimes.ErrTrap }}, called("a", "a", OK, nil), "call 0: trap"},
		{"another answer", leaky{call: func([]byte) ([]byte, error) { return []byte("secret"), nil }}, answering("public"), "0x736563726574"},
		{"no error of a guest's", leaky{call: func([]byte) ([]byte, error) { return nil, context.Canceled }}, called("a", "a", Trap, nil), "failed"},
		{"too late", leaky{call: late(600 * time.Millisecond)}, called("a", "a", Limit, nil), "a call took"},
		{"too early", leaky{call: func([]byte) ([]byte, error) { return nil, errTimeSaid }}, called("a", "a", LimitTime, nil), "before its time"},
		{"memory", leaky{call: func([]byte) ([]byte, error) {
			kept = append(kept, bytes.Repeat([]byte{1}, 64<<20))
			time.Sleep(20 * time.Millisecond)
			return nil, nil
		}}, called("a", "a", OK, nil), "MiB at the peak of its calls"},
		{"memory that stays", leaky{call: func([]byte) ([]byte, error) { kept = append(kept, bytes.Repeat([]byte{1}, 64<<20)); return nil, nil }},
			called("a", "a", OK, nil), "MiB of memory stay"},
		{"a goroutine", leaky{call: func([]byte) ([]byte, error) { go func() { <-stop }(); return nil, nil }}, called("a", "a", OK, nil), "1 goroutines stay"},
		{"a frozen collector", leaky{call: freeze(t)}, called("a", "a", OK, nil), "the collector took"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newField(t, Setup{Open: func() runtimes.Backend { return &tt.fault }})
			f.base = settle(footprint{})
			r := f.hold(tt.attack, 1)
			if got := strings.Join(append(r.wrong, r.slow...), "; "); !strings.Contains(got, tt.want) || (tt.want == "") != (got == "") {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	_ = kept
}

// TestHarnessSeesTheControl plants a fault in what answers beside an attack.
func TestHarnessSeesTheControl(t *testing.T) {
	f := newField(t, Setup{Open: func() runtimes.Backend { return &leaky{call: func(request []byte) ([]byte, error) { return nil, nil }} }})
	f.control.(*leaky).call = func([]byte) ([]byte, error) { return []byte("something else"), nil }
	r := f.hold(called("a", "a", OK, nil), 1)
	if got := strings.Join(r.wrong, "; "); !strings.Contains(got, "the control plugin answered") {
		t.Errorf("%q", got)
	}
}

// TestHarnessSeesFuel plants a difference between two setups.
func TestHarnessSeesFuel(t *testing.T) {
	a, b := called("a", "a", OK, nil), newTable([]Setup{{Name: "one"}, {Name: "other"}})
	b.add(a, b.setups[0], result{fuel: []uint64{1, 2}})
	b.add(a, b.setups[1], result{fuel: []uint64{1, 3}})
	if got := b.differences(a); len(got) != 1 || !strings.Contains(got[0], "[1 3] in other") {
		t.Errorf("%q", got)
	}
}

var errTimeSaid = limitError{}

type limitError struct{}

func (limitError) Error() string   { return "limit reached: time" }
func (limitError) Is(e error) bool { return e == runtimes.ErrLimit }

func answering(answer string) *Attack {
	a := called("a", "a", OK, nil)
	a.Calls[0].Answer = []byte(answer)
	return a
}

// freeze runs wazero as it is, without metering, where nobody can stop a loop: it ends after some hundred milliseconds.
func freeze(t *testing.T) func([]byte) ([]byte, error) {
	m := &w.Module{}
	body := w.Loop(w.Get(0), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(0), w.BrIf(0))
	m.Export("spin", wasm.KindFunc, m.Func(wasm.Signature("i", ""), 0, body))
	r := wazero.NewRuntime(t.Context())
	t.Cleanup(func() { r.Close(context.Background()) })
	module, err := r.Instantiate(t.Context(), m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return func([]byte) ([]byte, error) {
		_, err := module.ExportedFunction("spin").Call(context.Background(), 800_000_000)
		return nil, err
	}
}
