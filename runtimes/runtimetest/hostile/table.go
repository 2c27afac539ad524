package hostile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// A table has a line for each attack, and outcome, time and peak memory of each setup.
type table struct {
	setups []Setup
	names  []string
	cells  map[string]map[string]result
}

func newTable(setups []Setup) *table {
	return &table{setups: setups, cells: map[string]map[string]result{}}
}

func (b *table) add(a *Attack, s Setup, r result) {
	if b.cells[a.Name] == nil {
		b.cells[a.Name] = map[string]result{}
		b.names = append(b.names, a.Name)
	}
	b.cells[a.Name][s.Name] = r
}

func (b *table) log(t *testing.T) {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nattack")
	for _, s := range b.setups {
		fmt.Fprintf(w, "\t%s\ttime\tpeak MiB", s.Name)
	}
	for _, name := range b.names {
		fmt.Fprintf(w, "\n%s", name)
		for _, s := range b.setups {
			r, ran := b.cells[name][s.Name]
			if !ran {
				fmt.Fprint(w, "\t-\t\t")
				continue
			}
			fmt.Fprintf(w, "\t%s\t%v\t%d", r.words(), max(r.slowest, r.loadIfRefused()).Round(100*time.Microsecond), max(r.peak, r.loadPeak)>>20)
		}
	}
	w.Flush()
	t.Log(out.String())
}

// differences are in the fuel between setups, of what neither time nor the clock decides.
func (b *table) differences(a *Attack) (found []string) {
	if a.timed() || a.WASI {
		return nil
	}
	for _, s := range b.setups[1:] {
		first, other := b.cells[a.Name][b.setups[0].Name], b.cells[a.Name][s.Name]
		if !slices.Equal(first.fuel, other.fuel) && len(first.fuel)*len(other.fuel) > 0 {
			found = append(found, fmt.Sprintf("%s: fuel %d in %s, %d in %s", a.Name, first.fuel, b.setups[0].Name, other.fuel, s.Name))
		}
	}
	return found
}

// words are the outcomes, with what was wrong.
func (r result) words() string {
	var words []string
	for _, o := range r.outcomes {
		words = append(words, string(o))
	}
	if len(r.wrong) > 0 {
		words = append(words, "WRONG")
	}
	if len(r.slow) > 0 {
		words = append(words, "SLOW")
	}
	return strings.Join(words, " ")
}

// loadIfRefused is the time of loading where nothing was called.
func (r result) loadIfRefused() time.Duration {
	if r.slowest > 0 {
		return 0
	}
	return r.load
}
