package main

import (
	"strings"

	"bulkhead/bench/report"
	"bulkhead/host/measure"
)

// noAim is for figures that are shown beside an aim.
const noAim = 0

func (b *bench) aim(a report.Aim) { b.run.Aims = append(b.run.Aims, a) }

// aimMedian notes one aim for the slowest of some rows.
func (b *bench) aimMedian(t *report.Table, what string, want float64, names ...string) {
	worst := 0.0
	for _, name := range names {
		r, _ := t.Row(name) // a row that is not there is a comparison that failed
		worst = max(worst, r.Median)
	}
	b.aim(report.Aim{What: what, Unit: report.Time, Want: want, Value: worst, Noise: t.Noise()})
}

// aimRatio notes an aim for one row over another: the median over the rounds.
func (b *bench) aimRatio(t *report.Table, what string, want float64, name, over string) {
	var rows [2]measure.Row
	for _, s := range b.samples {
		for _, r := range s.rows {
			switch {
			case s.table == t.Name && r.Name == name:
				rows[0] = r
			case s.table == t.Name && r.Name == over:
				rows[1] = r
			}
		}
	}
	b.aim(report.Aim{What: what, Unit: report.Ratio, Want: want, Value: rows[0].Over(rows[1]), Noise: t.Noise()})
}

// echoAims are those of the sandbox's own making.
func (b *bench) echoAims(t *report.Table) {
	wazero := place{engine: onWazero}.String()
	b.aimMedian(t, "64 B echo, wazero inline, without reset", 300, wazero+noReset)
	b.aimMedian(t, "64 B echo, wazero inline, clean", 4000, wazero+clean)
	worst := 0.0
	for _, r := range t.Rows {
		if strings.HasPrefix(r.Name, wazero) {
			worst = max(worst, r.Allocs)
		}
	}
	b.aim(report.Aim{What: "allocations per call, wazero inline", Unit: report.Count, Want: 0.04, Value: worst})
}
