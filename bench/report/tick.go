package report

import (
	"strings"

	"bulkhead/host/measure"
)

// tick is a time for an axis: round numbers without zeros behind their point.
func tick(ns float64) string {
	if ns == 0 {
		return "0"
	}
	number, unit, _ := strings.Cut(measure.Time(ns), " ")
	return round(number) + " " + unit
}

// times is a ratio for an axis.
func times(x float64) string { return round(measure.Digits(x)) + "x" }

func round(number string) string {
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number
}
