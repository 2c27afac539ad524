package main

import (
	"strings"

	"bulkhead/host/gate"
)

// terminal makes hostile text of several lines fit to be shown.
func terminal(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = gate.Escape(l)
	}
	return strings.Join(lines, "\n")
}
