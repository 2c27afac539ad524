package main

import (
	"slices"

	"bulkhead/bench/report"
)

// ending sums up what was told of one guest on one host.
func ending(guest, host string, figures []int64, killed bool) report.Ending {
	e := report.Ending{Guest: guest, Host: host, Never: killed}
	if len(figures) > 0 {
		slices.Sort(figures)
		e.Median, e.Worst = float64(figures[len(figures)/2]), float64(figures[len(figures)-1])
	}
	return e
}

// endings keeps a list of them, by name.
func (b *bench) endings(name, title, notes string, rows []report.Ending) {
	b.run.Endings = append(b.run.Endings, report.Endings{Name: name, Title: title, Notes: notes, Rows: rows})
}

// worst is the slowest ending, 0 if one never came, as in report.Aim.
func worst(e report.Ending) float64 {
	if e.Never {
		return 0
	}
	return e.Worst
}
