package capability

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// greedy is a house whose quotas are spent after one use.
func greedy() *house {
	h := newHouse()
	once := Quota{1e-9, 1}
	h.config.Quotas = Quotas{Log: once, Sign: once, Attest: once, Infer: once, Audit: Quota{1e-9, auditCost(abi.MaxAuditObject)}}
	return h
}

// sum adds up what is counted, and wants no two entries within the interval.
func (m *memory) sum(t *testing.T) (entries int, count int64) {
	t.Helper()
	last := map[string]time.Time{}
	for _, e := range m.kept(gate.QuotaExceed) {
		first, err1 := time.Parse(time.RFC3339, e.First)
		until, err2 := time.Parse(time.RFC3339, e.Last)
		if err1 != nil || err2 != nil || until.Before(first) || e.Kind != gate.KindCapability || e.Outcome != gate.Failure || e.Actor != "plugin/inspect" || e.Call != "" {
			t.Errorf("%+v", e)
		}
		if !last[e.Action].IsZero() && first.Before(last[e.Action]) {
			t.Errorf("%s: two entries count the same time", e.Action)
		}
		last[e.Action] = until
		entries, count = entries+1, count+e.Count
	}
	return entries, count
}

func TestEveryQuotaThatRefusesIsRecorded(t *testing.T) {
	for c := range inputs {
		synctest.Test(t, func(t *testing.T) {
			h := greedy()
			b := h.bind(t)
			for range 200 {
				b.Capability(within(), c, 0, nil, inputs[c])
			}
			synctest.Wait()
			if n, count := h.log.sum(t); n != 1 || count < 1 {
				t.Errorf("%s: %d entries at once, want 1 that counts the first", c, n)
			}
			b.Close()
			refused := int64(199)
			if c == abi.Audit {
				refused = 200 - int64(auditCost(abi.MaxAuditObject))
			}
			if n, count := h.log.sum(t); n > 2 || count != refused {
				t.Errorf("%s: %d entries count %d refusals, want %d", c, n, count, refused)
			}
		})
	}
}

// A plugin that never stops asking gets an entry a second, and each of its refusals is in one.
func TestALastingOverrunIsAnEntryASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := greedy()
		b := h.bind(t)
		const asked = 10_000
		for range asked {
			b.Capability(within(), abi.Sign, 0, nil, []byte("x"))
			time.Sleep(time.Millisecond)
		}
		b.Close()
		if n, count := h.log.sum(t); n < 10 || n > 12 || count != asked-1 {
			t.Errorf("%d entries count %d, want 10 to 12 that count %d", n, count, asked-1)
		}
	})
}

// The guest does not wait for the device, and the device gets one goroutine to wait.
func TestAnOverrunDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := greedy()
		const slow = time.Minute
		waiting := 0
		h.log.hook = func() {
			if waiting++; waiting > 1 {
				t.Error("two wait for the device")
			}
			time.Sleep(slow)
			waiting--
		}
		b := h.bind(t)
		begin := time.Now()
		for range 5000 {
			b.Capability(within(), abi.Log, 0, nil, []byte("x"))
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(begin); took > 5001*time.Millisecond {
			t.Errorf("5 s of lines took %s", took)
		}
		time.Sleep(3 * slow)
		b.Close()
		if _, count := h.log.sum(t); count != 4999 {
			t.Errorf("%d counted", count)
		}
	})
}

// What is refused while an entry is on its way to the device has its own a second later, without another refusal.
func TestAnOverrunIsWrittenThoughItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := greedy()
		h.log.hook = func() { time.Sleep(time.Minute) }
		b := h.bind(t)
		for range 10 {
			b.Capability(within(), abi.Log, 0, nil, []byte("x"))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Hour)
		if n, count := h.log.sum(t); n != 2 || count != 9 {
			t.Errorf("%d entries count %d, want 2 that count 9", n, count)
		}
		b.Close()
	})
}

// What a log did not take is in the next entry that it takes.
func TestAnOverrunOutlivesAFailedEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := greedy()
		b := h.bind(t)
		set := func(err error) {
			h.log.mu.Lock()
			defer h.log.mu.Unlock()
			h.log.err = err
		}
		set(errors.New("full"))
		for range 5 {
			b.Capability(within(), abi.Infer, 0, nil, inputs[abi.Infer])
			time.Sleep(3 * time.Second)
		}
		set(nil)
		b.Capability(within(), abi.Infer, 0, nil, inputs[abi.Infer])
		time.Sleep(3 * time.Second)
		if n, count := h.log.sum(t); n != 1 || count != 5 {
			t.Errorf("%d entries count %d, want 1 that counts 5", n, count)
		}
		b.Close()
	})
}
