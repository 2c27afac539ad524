// Package report is what a run of the benchmarks found, and how people get to see it: a page of Markdown, the samples as
// CSV, plots, and the page that is cited.
package report

import (
	"fmt"

	"bulkhead/host/measure"
)

// A Run is everything that one run found. Its JSON is what the page is made from.
type Run struct {
	Date     string // UTC
	Machine  string // a name for files
	Complete bool   // every section, at full length, by a release build
	Facts    []Fact
	Aims     []Aim
	Tables   []Table
	Grids    []Grid
	Slopes   []Slope
	Endings  []Endings
	Arrivals []Arrival
}

// A Fact decides about figures: a processor, a version, the command.
type Fact struct{ Name, Value string }

// A Table is one comparison as a reader sees it. Times are nanoseconds.
type Table struct {
	Name  string // short: of the samples, the plot, and on the page
	Title string
	Notes string // Markdown; may be empty
	Base  string // the row that ratios are to
	Rows  []Row
}

// A Row is one contender.
type Row struct {
	Name             string
	Median, P20, P99 float64
	Ratio            float64 // to the base: the median over the rounds
	Allocs           float64 // per call, in the measuring process; negative: not counted
}

// Again is what the A/A row is called: the base once more, opened and loaded on its own.
func Again(base string) string { return "A/A: " + base }

// NewTable sums up what was measured.
func NewTable(name, title, notes, base string, rows []measure.Row) (Table, error) {
	t := Table{Name: name, Title: title, Notes: notes, Base: base}
	var of *measure.Row
	for i := range rows {
		if rows[i].Name == base {
			of = &rows[i]
		}
	}
	if of == nil {
		return t, fmt.Errorf("table %s has no row %q", name, base)
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, Row{r.Name, r.At(0.5), r.At(0.2), r.At(0.99), r.Over(*of), r.Allocs})
	}
	return t, nil
}

// Row finds a row by its name.
func (t *Table) Row(name string) (Row, error) {
	for _, r := range t.Rows {
		if r.Name == name {
			return r, nil
		}
	}
	return Row{}, fmt.Errorf("table %s has no row %q", t.Name, name)
}

// Noise is how far the A/A row is off, in parts of one: what is nearer to a limit than that is no finding.
func (t *Table) Noise() float64 {
	r, err := t.Row(Again(t.Base))
	if err != nil {
		return 0
	}
	return max(r.Ratio-1, 1-r.Ratio)
}

// A Grid is a table of words.
type Grid struct {
	Name, Title, Notes string
	Columns            []string
	Rows               [][]string
}

// A Slope is a sequence of configurations, each with something more than the one before: a waterfall.
type Slope struct {
	Name, Title, Notes string
	Table              string   // whose rows they are
	Steps              []string // rows, in order
	Labels             []string // what each adds
}

// An Arrival is a contender under calls that arrive at a fixed rate. Latencies are from when a call should have begun, in
// nanoseconds.
type Arrival struct {
	Name           string
	Rate           float64 // calls a second
	P50, P99, P999 float64
}

// Table finds a table by its name.
func (r *Run) Table(name string) (*Table, error) {
	for i := range r.Tables {
		if r.Tables[i].Name == name {
			return &r.Tables[i], nil
		}
	}
	return nil, fmt.Errorf("the run has no table %q", name)
}

// Grid finds a grid by its name.
func (r *Run) Grid(name string) (*Grid, error) {
	for i := range r.Grids {
		if r.Grids[i].Name == name {
			return &r.Grids[i], nil
		}
	}
	return nil, fmt.Errorf("the run has no grid %q", name)
}

// Ending finds endings by their name.
func (r *Run) Ending(name string) (*Endings, error) {
	for i := range r.Endings {
		if r.Endings[i].Name == name {
			return &r.Endings[i], nil
		}
	}
	return nil, fmt.Errorf("the run has no endings %q", name)
}
