package report

import (
	"fmt"
	"strings"

	"bulkhead/host/measure"
)

// ours are the places that are compared with peers: the faster of them counts.
func ours() []string {
	return []string{"wazero, inline, clean", "wasmtime, inline, clean", "wazero, inline, without reset", "wasmtime, inline, without reset", "wazero, inline, code kept", "wasmtime, inline, code kept"}
}

// losses names every peer that is faster than the fastest of ours, table by table, by more than the noise.
func (r *Run) losses() (string, error) {
	var b strings.Builder
	b.WriteString("| | our fastest | faster than that |\n|---|---|---|\n")
	for _, l := range overviewLines() {
		if l.kept {
			continue // the same table
		}
		t, err := r.Table(l.table)
		if err != nil {
			return "", err
		}
		best, ok := t.best(ours())
		if !ok {
			continue
		}
		var faster []string
		for _, row := range t.Rows {
			k := kindOf(row.Name)
			if k != "wazero" && k != "wasmtime" && !strings.HasPrefix(row.Name, again) && row.Median < best.Median*(1-t.Noise()) {
				faster = append(faster, fmt.Sprintf("%s %sx", row.Name, measure.Digits(best.Median/row.Median)))
			}
		}
		if len(faster) > 0 {
			fmt.Fprintf(&b, "| %s | %s, %s | %s |\n", l.title, best.Name, measure.Time(best.Median), strings.Join(faster, "; "))
		}
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func (t *Table) best(names []string) (best Row, ok bool) {
	for _, name := range names {
		if row, err := t.Row(name); err == nil && (!ok || row.Median < best.Median) {
			best, ok = row, true
		}
	}
	return best, ok
}
