package main

import (
	"fmt"
	"strings"

	"bulkhead/bench/sandbox/measure"
)

// An aim is what a figure should be at most.
type aim struct {
	what        string
	want, value float64
	write       func(float64) string
}

func (a aim) String() string {
	verdict := "met"
	if a.value > a.want {
		verdict = "**missed**"
	}
	return fmt.Sprintf("| %s | at most %s | %s | %s |\n", a.what, a.write(a.want), a.write(a.value), verdict)
}

// aimTime, aimRatio and aimCount note aims of different kinds.
func (b *bench) aimTime(what string, want, value float64) {
	b.aims = append(b.aims, aim{what, want, value, measure.Time})
}

func (b *bench) aimRatio(what string, want, value float64) {
	b.aims = append(b.aims, aim{what, want, value, measure.Ratio})
}

func (b *bench) aimCount(what string, want, value float64) {
	b.aims = append(b.aims, aim{what, want, value, func(x float64) string { return fmt.Sprintf("%.1f", x) }})
}

// aimMedians notes one aim for the slowest of some rows.
func (b *bench) aimMedians(t *measure.Table, what string, want float64, names ...string) {
	worst := 0.0
	for _, name := range names {
		r, _ := t.Row(name)
		worst = max(worst, r.At(0.5))
	}
	b.aimTime(what, want, worst)
}

func (b *bench) aimsTable() string {
	if len(b.aims) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("## Aims\n\n| | aim | measured | |\n|---|---|---|---|\n")
	for _, a := range b.aims {
		out.WriteString(a.String())
	}
	return out.String()
}
