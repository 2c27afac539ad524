package audit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/host/gate"
)

// A valve holds up the device's flushes while it is shut, so that a test decides what makes a batch.
type valve struct {
	sync.Mutex
	waiting atomic.Int64 // flushes begun
}

func (v *valve) into(c *Config) { c.wrap = func(f file) file { return valved{f, v} } }

type valved struct {
	file
	*valve
}

func (v valved) Sync() error {
	v.waiting.Add(1)
	v.Lock()
	defer v.Unlock()
	return v.file.Sync()
}

// shut has an append wait for the device, and returns when it does. open lets it go on and waits for its receipt.
func (v *valve) shut(t testing.TB, l *Log) (open func() gate.Receipt) {
	t.Helper()
	before := v.waiting.Load()
	v.Lock()
	done := make(chan gate.Receipt, 1)
	go func() {
		r, err := l.Append(ctx, note("held up"))
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	eventually(t, func() bool { return v.waiting.Load() > before })
	return func() gate.Receipt {
		v.Unlock()
		return <-done
	}
}

// together appends entries in one batch of their own, behind one other entry. Their order is any.
func (v *valve) together(t testing.TB, l *Log, entries ...gate.Entry) []gate.Receipt {
	t.Helper()
	open := v.shut(t, l)
	receipts := make([]gate.Receipt, len(entries))
	var wg sync.WaitGroup
	for i, e := range entries {
		wg.Go(func() {
			var err error
			if receipts[i], err = l.Append(ctx, e); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, func() bool { return len(l.queue) == len(entries) })
	open()
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return receipts
}

// eventually waits for what another goroutine will surely bring about.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came")
		}
	}
}
