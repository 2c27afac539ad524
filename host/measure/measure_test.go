package measure

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	var order []string
	named := func(name string, d time.Duration, each bool) Contender {
		return Contender{Name: name, Each: each, Call: func() error {
			order = append(order, name)
			time.Sleep(d)
			return nil
		}}
	}
	rows, err := Run(Config{Rounds: 3, Batch: time.Millisecond}, []Contender{named("a", 2*time.Millisecond, false), named("b", 0, true)})
	if err != nil {
		t.Fatal(err)
	}
	a, b := rows[0], rows[1]
	if len(a.Rounds) != 3 || len(b.Rounds) != 3 || a.Calls != nil || len(b.Calls) < 3 {
		t.Errorf("%d and %d rounds, %d and %d calls", len(a.Rounds), len(b.Rounds), len(a.Calls), len(b.Calls))
	}
	if a.At(0.5) < 2e6 || b.Over(a) > 0.5 || a.Over(a) != 1 || a.Rate() > 500 || b.Rate() < a.Rate() {
		t.Errorf("medians %v and %v, ratio %v, %v and %v in a second", a.At(0.5), b.At(0.5), b.Over(a), a.Rate(), b.Rate())
	}
	switches := 0
	for i := range order[1:] {
		if order[i] != order[i+1] {
			switches++
		}
	}
	if switches < 3 {
		t.Errorf("the contenders took %d turns", switches)
	}
}

// Slow contenders are in fewer rounds, and compared over those.
func TestSlowContenders(t *testing.T) {
	slow := Contender{Name: "slow", Call: func() error { time.Sleep(5 * time.Millisecond); return nil }}
	fast := Contender{Name: "fast", Call: func() error { time.Sleep(50 * time.Microsecond); return nil }}
	rows, err := Run(Config{Rounds: 40, Batch: 500 * time.Microsecond}, []Contender{slow, fast})
	if err != nil || rows[0].Every != 2 || len(rows[0].Rounds) != 20 || len(rows[1].Rounds) != 40 {
		t.Fatalf("%v: every %d, %d and %d rounds", err, rows[0].Every, len(rows[0].Rounds), len(rows[1].Rounds))
	}
	if r := rows[0].Over(rows[1]); r < 2 {
		t.Errorf("the slow one takes %v times as long", r)
	}
}

func TestFor(t *testing.T) {
	told := 0
	call := func() error { time.Sleep(100 * time.Microsecond); return nil }
	c := Config{For: 30 * time.Millisecond, Batch: time.Millisecond, Progress: func(time.Duration) { told++ }}
	rows, err := Run(c, []Contender{{Name: "a", Call: call}, {Name: "b", Call: call}})
	if err != nil || len(rows[0].Rounds) < fewRounds || len(rows[0].Rounds) > 30 || told != len(rows[0].Rounds)+1 {
		t.Errorf("%d rounds, told %d times: %v", len(rows[0].Rounds), told, err)
	}
	c.For = time.Nanosecond
	if rows, err = Run(c, []Contender{{Name: "a", Call: call}}); err != nil || len(rows[0].Rounds) != fewRounds {
		t.Errorf("%d rounds, want %d: %v", len(rows[0].Rounds), fewRounds, err)
	}
}

// Callers at the same time are counted all.
func TestCallersAtOnce(t *testing.T) {
	var now, most atomic.Int32
	call := func() error {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return nil
	}
	for _, each := range []bool{false, true} {
		most.Store(0)
		rows, err := Run(Config{Rounds: 5, Batch: 2 * time.Millisecond}, []Contender{{Name: "two", Each: each, Call: call, Also: []func() error{call}}})
		if err != nil || most.Load() != 2 {
			t.Errorf("each %v: %d at once: %v", each, most.Load(), err)
		}
		if rate := rows[0].Rate(); rate < 200 || rate > 2000 {
			t.Errorf("each %v: %v calls in a second, want about 1,800", each, rate)
		}
		if each && (len(rows[0].Calls)%2 != 0 || rows[0].At(0.5) < 1e6) {
			t.Errorf("%d calls of %v", len(rows[0].Calls), rows[0].At(0.5))
		}
	}
}

// A long bench does not keep every call.
func TestManyCalls(t *testing.T) {
	var r Row
	const batch, batches = 1000, 3 * maxCalls / 1000
	for i := range batches {
		times := make([]float64, batch)
		for k := range times {
			times[k] = float64(i*batch + k)
		}
		r.keep(times)
	}
	if n := len(r.Calls); n > maxCalls || n < maxCalls/4 || cap(r.Calls) > 2*maxCalls {
		t.Errorf("%d calls are kept of %d", n, batch*batches)
	}
	for q, want := range map[float64]float64{0.2: 0.2, 0.5: 0.5, 0.99: 0.99} {
		if got := Quantiles(r.Calls, q)[0] / (batch * batches); got < want-0.01 || got > want+0.01 {
			t.Errorf("the quantile %v of evenly spread calls is %v", q, got)
		}
	}
}

func TestRunFails(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	late := Contender{Name: "late", Call: func() error {
		if calls++; calls > 4 { // after one to find the size of a batch, and two that count allocations
			return broken
		}
		time.Sleep(time.Microsecond)
		return nil
	}}
	beside := Contender{Name: "beside", Call: func() error { return nil }, Also: []func() error{func() error { return broken }}}
	for _, x := range []Contender{{Name: "at once", Call: func() error { return broken }}, late, beside} {
		if _, err := Run(Config{Rounds: 2, Batch: time.Microsecond}, []Contender{x}); !errors.Is(err, broken) || !strings.Contains(err.Error(), x.Name) {
			t.Errorf("%s: %v", x.Name, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	var kept []*int
	for want, call := range map[float64]func() error{
		0: func() error { return nil },
		2: func() error { kept = append(kept[:0], new(int), new(int)); return nil },
	} {
		if got, err := allocations(Contender{Call: call}, allocCalls); err != nil || got < want || got > want+0.5 {
			t.Errorf("%v allocations a call, want %v: %v", got, want, err)
		}
	}
}

func TestQuantile(t *testing.T) {
	x := []float64{10, 20, 30, 40, 50}
	for q, want := range map[float64]float64{0: 10, 0.2: 18, 0.5: 30, 1: 50} {
		if got := Quantiles(x, q)[0]; got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("nothing has a quantile")
	}
}

func TestTime(t *testing.T) {
	for ns, want := range map[float64]string{0.5: "0.50 ns", 12.34: "12.3 ns", 999: "999 ns", 1000: "1.00 µs", 999_499: "999 µs", 2.5e6: "2.50 ms", 3e9: "3.00 s"} {
		if got := Time(ns); got != want {
			t.Errorf("%v ns is %q, want %q", ns, got, want)
		}
	}
}
