package report

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/host/measure"
)

// Markdown is the whole run; plots lie in the folder of that name beside it.
func (r *Run) Markdown(plots map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, %s\n\n", r.Date, r.Machine)
	if !r.Complete {
		b.WriteString("A part of the benchmarks, or fewer rounds than the page needs.\n\n")
	}
	b.WriteString(r.facts())
	b.WriteString("\nHow it was measured, and how to read it: [bench/README.md](../README.md).\n")
	if len(r.Aims) > 0 {
		b.WriteString("\n## Aims\n\n" + aimsTable(r.Aims))
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		fmt.Fprintf(&b, "\n## %s\n\n%s%s%s", t.Title, paragraph(t.Notes), picture(plots, t.Name, t.Title), t.Markdown())
	}
	for _, s := range r.Slopes {
		fmt.Fprintf(&b, "\n## %s\n\n%s%s", s.Title, paragraph(s.Notes), picture(plots, s.Name, s.Title))
	}
	for i := range r.Endings {
		e := &r.Endings[i]
		fmt.Fprintf(&b, "\n## %s\n\n%s%s%s", e.Title, paragraph(e.Notes), picture(plots, e.Name, e.Title), e.Markdown())
	}
	for i := range r.Grids {
		g := &r.Grids[i]
		fmt.Fprintf(&b, "\n## %s\n\n%s%s%s", g.Title, paragraph(g.Notes), picture(plots, g.Name, g.Title), g.Markdown())
	}
	if len(r.Arrivals) > 0 {
		fmt.Fprintf(&b, "\n## Calls that arrive at a fixed rate\n\n%s%s", picture(plots, "arrivals", "latency"), arrivalsTable(r.Arrivals))
	}
	return b.String()
}

func paragraph(notes string) string {
	if notes == "" {
		return ""
	}
	return notes + "\n\n"
}

func picture(plots map[string]string, name, title string) string {
	if path, ok := plots[name]; ok {
		return fmt.Sprintf("![%s](%s)\n\n", title, path)
	}
	return ""
}

// facts are the machine and the versions.
func (r *Run) facts() string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Name, f.Value)
	}
	return b.String()
}

// Markdown is the table without its title.
func (t *Table) Markdown() string { return t.only(nil) }

// only is the table with some of its rows, all if there are none.
func (t *Table) only(rows []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | median | p20 | p99 | times %s | allocations |\n|---|--:|--:|--:|--:|--:|\n", t.Base)
	for _, r := range t.Rows {
		if len(rows) > 0 && !slices.Contains(rows, r.Name) {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.Name, measure.Time(r.Median), measure.Time(r.P20), measure.Time(r.P99),
			measure.Digits(r.Ratio), allocations(r.Allocs))
	}
	return b.String()
}

func allocations(n float64) string {
	if n < 0 {
		return "—"
	}
	return fmt.Sprintf("%.1f", n)
}

// Markdown is the grid without its title.
func (g *Grid) Markdown() string {
	var b strings.Builder
	row := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row(g.Columns)
	b.WriteString(strings.Repeat("|---", len(g.Columns)) + "|\n")
	for _, cells := range g.Rows {
		row(cells)
	}
	return b.String()
}

func arrivalsTable(all []Arrival) string {
	var b strings.Builder
	b.WriteString("| | calls a second | p50 | p99 | p99.9 |\n|---|--:|--:|--:|--:|\n")
	for _, a := range all {
		fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s |\n", a.Name, a.Rate, measure.Time(a.P50), measure.Time(a.P99), measure.Time(a.P999))
	}
	return b.String()
}
