package report

import (
	"fmt"
	"strings"

	"bulkhead/host/measure"
)

// ours are the places that are compared with peers: the faster of them counts.
func ours() []string {
	return []string{"wazero, inline, clean", "wasmtime, inline, clean", "wazero, inline, without reset", "wasmtime, inline, without reset", "wazero, inline, cold", "wasmtime, inline, cold"}
}

// losses names every peer that is faster than the fastest of ours, table by table, by more than the noise.
func (r *Run) losses() (string, error) {
	var b strings.Builder
	b.WriteString("| | our fastest | faster than that |\n|---|---|---|\n")
	for _, l := range overviewLines() {
		t, err := r.Table(l.table)
		if err != nil {
			return "", err
		}
		best, ok := t.best(ours(), l.kept)
		if !ok {
			continue
		}
		var faster []string
		for _, row := range t.Rows {
			k := kindOf(row.Name)
			if l.kept == strings.HasSuffix(row.Name, kept) && k != "wazero" && k != "wasmtime" && !strings.HasPrefix(row.Name, again) && row.Median < best.Median*(1-t.Noise()) {
				faster = append(faster, fmt.Sprintf("%s %sx", row.Name, measure.Digits(best.Median/row.Median)))
			}
		}
		if len(faster) > 0 {
			fmt.Fprintf(&b, "| %s | %s, %s | %s |\n", l.title, best.Name, measure.Time(best.Median), strings.Join(faster, "; "))
		}
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// kept is behind the name of who has compiled code at hand.
const kept = ", code kept"

func (t *Table) best(names []string, warm bool) (best Row, ok bool) {
	for _, name := range names {
		if warm {
			name = strings.Replace(name, ", cold", kept, 1)
		}
		if row, err := t.Row(name); err == nil && (!ok || row.Median < best.Median) {
			best, ok = row, true
		}
	}
	return best, ok
}
