package measure

import "fmt"

// Time writes nanoseconds for people, with three digits.
func Time(ns float64) string {
	for _, unit := range []string{"ns", "µs", "ms"} {
		if ns < 999.5 {
			return Digits(ns) + " " + unit
		}
		ns /= 1000
	}
	return Digits(ns) + " s"
}

// Digits writes a number with three digits.
func Digits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
