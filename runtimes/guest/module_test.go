package guest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

const timeout = 5 * time.Second

func load(t *testing.T, e Engine, p runtimes.Program) *Module {
	t.Helper()
	m, err := New(e).Load(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.Background()) })
	return m.(*Module)
}

// The untouched original is validated before it is metered, and compiled only then.
func TestValidatesFirst(t *testing.T) {
	p := plain(true)
	var validated, compiled []byte
	e := &fakeEngine{
		validate: func(module []byte) error { validated = bytes.Clone(module); return nil },
		compile:  func(module, _ []byte) error { compiled = bytes.Clone(module); return nil },
	}
	load(t, e, p)
	if !bytes.Equal(validated, p.Wasm) || bytes.Equal(compiled, p.Wasm) || !bytes.Contains(compiled, []byte(wasm.ExportFuel)) {
		t.Errorf("validated %d bytes, compiled %d", len(validated), len(compiled))
	}
	compiled = nil
	invalid := errors.New("invalid")
	e.validate = func([]byte) error { return invalid }
	if _, err := New(e).Load(t.Context(), p); !errors.Is(err, invalid) || compiled != nil {
		t.Errorf("error %v, compiled %d bytes", err, len(compiled))
	}
}

// An instance that starts off the call path holds up no Close.
func TestCloseDoesNotWaitForAStart(t *testing.T) {
	var starts atomic.Int32
	e := &fakeEngine{instantiate: func(ctx context.Context) error {
		if starts.Add(1) == 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	m := load(t, e, plain(false))
	if _, err := m.Call(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	for starts.Load() < 2 { // the next one is on its way
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := m.Close(ctx); err != nil {
		t.Errorf("closing an idle module: %v", err)
	}
}

// An instance that cannot be made gives its place up: to who waits, and to the next call.
func TestPlacesAreGivenUp(t *testing.T) {
	broken := errors.New("no memory")
	var fail atomic.Bool
	e := &fakeEngine{instantiate: func(context.Context) error {
		if fail.Load() {
			return broken
		}
		return nil
	}}
	p := plain(false)
	p.Limits.Instances = 1
	m := load(t, e, p)
	fail.Store(true)
	if _, err := m.Call(t.Context(), nil, nil); err != nil {
		t.Errorf("the instance that there is: %v", err)
	}
	for range 3 {
		if _, err := m.Call(t.Context(), nil, nil); !errors.Is(err, broken) {
			t.Errorf("error %v, want why there is none", err)
		}
	}
	if st := m.Status(); st.Instances != 0 || st.Calls != 4 {
		t.Errorf("status %+v", st)
	}
	fail.Store(false)
	if _, err := m.Call(t.Context(), nil, nil); err != nil {
		t.Errorf("the next: %v", err)
	}
}

// Who waits longest is served first, and the instance that was used last serves.
func TestOrder(t *testing.T) {
	m := load(t, &fakeEngine{}, plain(true))
	far := time.Now().Add(time.Hour)
	first, _ := m.take(t.Context(), time.Hour)
	second, _ := m.take(t.Context(), time.Hour)
	if first == nil || second == nil || first == second {
		t.Fatal("want two instances")
	}
	served := make(chan int)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			c, err := m.pool.take(t.Context(), far)
			if err != nil {
				t.Error(err)
			}
			served <- i
			m.release(c, nil)
		})
		for m.waiting() != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	m.release(first, nil)
	for want := range 3 {
		if got := <-served; got != want {
			t.Errorf("number %d was served, want %d", got, want)
		}
	}
	group.Wait()
	m.release(second, nil)
	last, _ := m.take(t.Context(), time.Hour)
	if last != second {
		t.Error("another instance than the one used last")
	}
	m.release(last, nil)
}

// Who gives up the moment it is served passes the instance on.
func TestLateTurn(t *testing.T) {
	m := load(t, &fakeEngine{}, plain(true))
	c, _ := m.take(t.Context(), time.Hour)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for late := 0; late < 10; {
		turn := make(chan *call, 1)
		m.pool.mu.Lock()
		place := m.pool.queue.PushBack(turn)
		m.pool.give(c)
		m.pool.mu.Unlock()
		got, err := m.pool.wait(ended, time.Now().Add(time.Hour), turn, place)
		if err != nil {
			late++
			if len(m.pool.idle) != 1 {
				t.Fatal("the instance is lost")
			}
			got, m.pool.idle = m.pool.idle[0], nil
		}
		if got != c {
			t.Fatal("another instance")
		}
	}
	m.release(c, nil)
}

func (m *Module) waiting() int {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	return m.pool.queue.Len()
}

// Every instance is closed once, whatever became of it.
func TestClosesInstances(t *testing.T) {
	for _, restorable := range []bool{true, false} {
		var made atomic.Int32
		e := &fakeEngine{instantiate: func(context.Context) error { made.Add(1); return nil }}
		m := load(t, e, plain(restorable))
		for range 5 {
			if _, err := m.Call(t.Context(), nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(t.Context()); err != nil || e.closed.Load() != made.Load() || restorable != (made.Load() == 1) {
			t.Errorf("%d instances made, %d closed, error %v", made.Load(), e.closed.Load(), err)
		}
	}
}
