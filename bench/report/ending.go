package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Ending is when a host was done with a guest, in nanoseconds.
type Ending struct {
	Guest, Host   string
	Median, Worst float64 // zero if Never came first
	Never         bool
}

// Endings are a list of them.
type Endings struct {
	Name, Title, Notes string
	Rows               []Ending
}

// Markdown has a line for each host and a column for each guest.
func (e *Endings) Markdown() string {
	var guests, hosts []string
	for _, r := range e.Rows {
		if !slices.Contains(guests, r.Guest) {
			guests = append(guests, r.Guest)
		}
		if !slices.Contains(hosts, r.Host) {
			hosts = append(hosts, r.Host)
		}
	}
	g := Grid{Columns: append([]string{""}, guests...)}
	for _, host := range hosts {
		cells := []string{host}
		for _, guest := range guests {
			i := slices.IndexFunc(e.Rows, func(r Ending) bool { return r.Guest == guest && r.Host == host })
			if i < 0 {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, e.Rows[i].words())
		}
		g.Rows = append(g.Rows, cells)
	}
	return g.Markdown()
}

func (r Ending) words() string {
	var parts []string
	if r.Median > 0 {
		parts = append(parts, fmt.Sprintf("%s, at most %s", short(r.Median), short(r.Worst)))
	}
	if r.Never {
		parts = append(parts, "**never**")
	}
	return strings.Join(parts, ", then ")
}

func short(ns float64) string { return time.Duration(ns).Round(10 * time.Microsecond).String() }
