package report

import (
	"fmt"
	"strings"

	"bulkhead/host/measure"
)

// A Unit is of what kind a figure is.
type Unit string

// The units.
const (
	Time  Unit = "time"  // nanoseconds
	Ratio Unit = "ratio" // times something
	Count Unit = "count"
)

func (u Unit) write(x float64) string {
	switch u {
	case Time:
		if x == 0 {
			return "never"
		}
		return measure.Time(x)
	case Ratio:
		return measure.Digits(x) + "x"
	}
	return fmt.Sprintf("%.1f", x)
}

// An Aim is what a figure should be at most. Without Want the figure is only shown. A time of 0 is never.
type Aim struct {
	What        string
	Unit        Unit
	Want, Value float64
	Noise       float64 // of the comparison that the value is from, in parts of one
}

// Met says whether it is.
func (a Aim) Met() bool { return a.Value <= a.Want && (a.Unit != Time || a.Value > 0) }

// verdict does not claim what the A/A row could have done as well.
func (a Aim) verdict() string {
	if a.Want == 0 {
		return ""
	}
	verdict := "met"
	if !a.Met() {
		verdict = "**missed**"
	}
	if off := a.Value/a.Want - 1; a.Noise > 0 && max(off, -off) < a.Noise {
		verdict += ", within the noise"
	}
	return verdict
}

// aimsTable is all aims in Markdown.
func aimsTable(aims []Aim) string {
	var out strings.Builder
	out.WriteString("| | at most | measured | |\n|---|--:|--:|---|\n")
	for _, a := range aims {
		want := a.Unit.write(a.Want)
		if a.Want == 0 {
			want = ""
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", a.What, want, a.Unit.write(a.Value), a.verdict())
	}
	return out.String()
}
