package measure

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// A Table is one comparison as a reader sees it.
type Table struct {
	Name  string // short, for the samples
	Title string
	Notes string // Markdown, above the rows; may be empty
	Base  string // the row that the ratios are to
	Rows  []Row
}

// Row finds a row by its name.
func (t *Table) Row(name string) (Row, bool) {
	for _, r := range t.Rows {
		if r.Name == name {
			return r, true
		}
	}
	return Row{}, false
}

// Markdown is the table with its title.
func (t *Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", t.Title)
	if t.Notes != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Notes)
	}
	fmt.Fprintf(&b, "| | median | p20 | p99 | times %s | allocations |\n|---|---|---|---|---|---|\n", t.Base)
	base, based := t.Row(t.Base)
	for _, r := range t.Rows {
		ratio := ""
		if based {
			ratio = Ratio(r.Over(base))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.1f |\n", r.Name, Time(r.At(0.5)), Time(r.At(0.2)), Time(r.At(0.99)), ratio, r.Allocs)
	}
	return b.String()
}

// WriteCSV writes one record for each row: table, row, and what its rounds took in nanoseconds, in turn.
func (t *Table) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	for _, r := range t.Rows {
		record := []string{t.Name, r.Name}
		for _, ns := range r.Rounds {
			record = append(record, fmt.Sprintf("%.4g", ns))
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// Time writes nanoseconds for people, with three digits.
func Time(ns float64) string {
	for _, unit := range []string{"ns", "µs", "ms"} {
		if ns < 999.5 {
			return digits(ns) + " " + unit
		}
		ns /= 1000
	}
	return digits(ns) + " s"
}

// Ratio writes a ratio with three digits.
func Ratio(x float64) string { return digits(x) }

func digits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
