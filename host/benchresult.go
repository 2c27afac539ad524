package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"bulkhead/host/bundle"
	"bulkhead/host/manifest"
	"bulkhead/host/measure"
)

// benchResult is what `host plugin bench --json` prints.
type benchResult struct {
	Name     string     `json:"name"`
	Digest   string     `json:"digest"`
	Requests int        `json:"requests"`
	Rounds   int        `json:"rounds"`
	Rows     []benchRow `json:"rows"`
}

// A benchRow is one contender with a number of callers. Times are in seconds.
type benchRow struct {
	Contender   string             `json:"contender"`
	Backend     string             `json:"backend"`
	Isolation   manifest.Isolation `json:"isolation"`
	Module      string             `json:"module"` // the file that ran
	Callers     int                `json:"callers"`
	Again       bool               `json:"again"` // the first contender once more: noise
	Median      float64            `json:"median"`
	P20         float64            `json:"p20"`
	P99         float64            `json:"p99"`
	Rate        float64            `json:"calls_per_second"`
	Ratio       float64            `json:"ratio"` // to the first row
	Allocations float64            `json:"allocations"`
	Fuel        uint64             `json:"fuel"`
	Memory      uint64             `json:"memory"` // bytes
	Reported    bool               `json:"reported"`
	Cold        float64            `json:"cold"`
	Warm        float64            `json:"warm"`

	of       *benchContender
	measured measure.Row
}

func (r *benchRow) fill(m, first measure.Row) {
	c := r.of
	r.Module, r.Backend, r.Isolation, r.Again, r.measured = c.module, c.at.engine, c.at.isolation, c.again, m
	r.Median, r.P20, r.P99 = m.At(0.5)/1e9, m.At(0.2)/1e9, m.At(0.99)/1e9
	r.Rate, r.Ratio, r.Allocations = m.Rate(), m.Over(first), m.Allocs
	r.Fuel, r.Memory, r.Reported = c.usage.Fuel, c.usage.Memory, c.usage.Reported
	r.Cold, r.Warm = c.cold.Seconds(), c.warm.Seconds()
}

func (b *benchRun) result(rows []benchRow) benchResult {
	return benchResult{Name: b.sp.name, Digest: b.sp.digest, Requests: len(b.questions), Rounds: len(rows[0].measured.Rounds), Rows: rows}
}

// benchText is the table for people.
func benchText(rows []benchRow) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "CONTENDER\tCALLERS\tMEDIAN\tP20\tP99\tCALLS/S\tRATIO\tALLOCS\tFUEL\tMEMORY\tCOLD\tWARM\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%.0f\t%s\t%.1f\t%s\t%s\t%s\t%s\t\n", r.Contender, r.Callers, measure.Time(r.Median*1e9), measure.Time(r.P20*1e9),
			measure.Time(r.P99*1e9), r.Rate, measure.Digits(r.Ratio), r.Allocations, aboutFuel(r.Fuel), aboutBytes(r.Memory), aboutTime(r.of.cold), aboutTime(r.of.warm))
	}
	t.Flush()
	told := map[string]bool{}
	for _, r := range rows {
		if r.Module == bundle.RelaxedFile && !told[r.Contender] {
			told[r.Contender] = true
			fmt.Fprintf(&b, "%s runs %s\n", r.Contender, r.Module)
		}
	}
	return b.String()
}
