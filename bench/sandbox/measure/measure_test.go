package measure

import (
	"errors"
	"strings"
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
	if a.At(0.5) < 2e6 || b.Over(a) > 0.5 || a.Over(a) != 1 {
		t.Errorf("medians %v and %v, ratio %v", a.At(0.5), b.At(0.5), b.Over(a))
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

func TestRunFails(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	late := Contender{Name: "late", Call: func() error {
		if calls++; calls > allocCalls+3 {
			return broken
		}
		time.Sleep(time.Microsecond)
		return nil
	}}
	for _, x := range []Contender{{Name: "at once", Call: func() error { return broken }}, late} {
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
		if got, err := allocations(Contender{Call: call}); err != nil || got < want || got > want+0.5 {
			t.Errorf("%v allocations a call, want %v: %v", got, want, err)
		}
	}
}

func TestQuantile(t *testing.T) {
	x := []float64{10, 20, 30, 40, 50}
	for q, want := range map[float64]float64{0: 10, 0.2: 18, 0.5: 30, 1: 50} {
		if got := quantile(x, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("nothing has a quantile")
	}
}

func TestTable(t *testing.T) {
	table := Table{Name: "x", Title: "Some calls", Base: "a", Rows: []Row{{Name: "a", Rounds: []float64{1000, 3000}}, {Name: "b", Rounds: []float64{500, 1500}, Allocs: 7}}}
	for _, want := range []string{"## Some calls\n", "| a | 2.00 µs | 1.40 µs | 2.98 µs | 1.00 | 0.0 |", "| b | 1.00 µs | 700 ns | 1.49 µs | 0.50 | 7.0 |"} {
		if got := table.Markdown(); !strings.Contains(got, want) {
			t.Errorf("%s\nhas no %q", got, want)
		}
	}
	var samples strings.Builder
	if err := table.WriteCSV(&samples); err != nil || samples.String() != "x,a,1000,3000\nx,b,500,1500\n" {
		t.Errorf("%q, %v", samples.String(), err)
	}
}

func TestTime(t *testing.T) {
	for ns, want := range map[float64]string{0.5: "0.50 ns", 12.34: "12.3 ns", 999: "999 ns", 1000: "1.00 µs", 999_499: "999 µs", 2.5e6: "2.50 ms", 3e9: "3.00 s"} {
		if got := Time(ns); got != want {
			t.Errorf("%v ns is %q, want %q", ns, got, want)
		}
	}
}

func TestMachine(t *testing.T) {
	m := Here()
	if text := m.Markdown("golang.org/x/sys"); !strings.Contains(text, "CPUs, Linux ") || !strings.Contains(text, "stolen") || len(m.Date()) != 10 {
		t.Errorf("%q", text)
	}
}
