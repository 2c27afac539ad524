package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bulkhead/abi"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// A spent is the most that any of the calls used.
type spent struct {
	fuel, memory uint64
	took         time.Duration
	output       int
	reported     bool // fuel and memory, by the worker
}

func (s *spent) add(m measured, output int) {
	s.fuel, s.memory = max(s.fuel, m.usage.Fuel), max(s.memory, m.usage.Memory)
	s.took, s.output = max(s.took, m.took), max(s.output, output)
	s.reported = s.reported || m.usage.Reported
}

// A usedOf is what was used, in per cent of its limit.
type usedOf struct {
	Fuel   float64 `json:"fuel_percent"`
	Memory float64 `json:"memory_percent"`
	Time   float64 `json:"time_percent"`
	Output float64 `json:"output_percent"`
}

func (s *spent) of(l runtimes.Limits) usedOf {
	return usedOf{
		Fuel: percent(float64(s.fuel), float64(l.Fuel)), Memory: percent(float64(s.memory), float64(l.Memory)),
		Time: percent(float64(s.took), float64(l.Timeout)), Output: percent(float64(s.output), abi.MaxAnswer),
	}
}

// percent has three digits that count.
func percent(used, limit float64) float64 {
	p, _ := strconv.ParseFloat(strconv.FormatFloat(100*used/limit, 'g', 3, 64), 64) // it reads what it wrote
	return p
}

// text is what was used, of which limit, on one line.
func (s *spent) text(l runtimes.Limits) string {
	of := s.of(l)
	line := fmt.Sprintf("fuel %s (%s of %s), memory %s (%s of %s), time %s (%s of %s), output %s (%s of %s)",
		aboutFuel(s.fuel), inPercent(of.Fuel), manifest.FormatFuel(l.Fuel),
		aboutBytes(s.memory), inPercent(of.Memory), manifest.FormatMemory(l.Memory),
		aboutTime(s.took), inPercent(of.Time), manifest.FormatTimeout(l.Timeout),
		aboutBytes(uint64(s.output)), inPercent(of.Output), manifest.FormatMemory(abi.MaxAnswer))
	if s.reported {
		line += "; fuel and memory as the worker reports them"
	}
	return line
}

func inPercent(p float64) string {
	switch {
	case p > 0 && p < 0.01:
		return "<0.01%"
	case p < 9.95:
		return strings.TrimSuffix(fmt.Sprintf("%.2f", p), ".00") + "%"
	}
	return fmt.Sprintf("%.0f%%", p)
}

func aboutFuel(n uint64) string { return roughly(n, 1000, "", "K", "M", "G", "T") }

func aboutBytes(n uint64) string { return roughly(n, 1024, " B", " KiB", " MiB", " GiB") }

// roughly writes n with two digits or more, in the largest unit that n fills.
func roughly(n uint64, step float64, units ...string) string {
	x := float64(n)
	for x >= step && len(units) > 1 {
		x, units = x/step, units[1:]
	}
	if x < 9.95 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") + units[0]
	}
	return fmt.Sprintf("%.0f%s", x, units[0])
}

// aboutTime writes d with two digits or more.
func aboutTime(d time.Duration) string {
	for _, step := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= 10*step {
			return d.Round(step).String()
		}
		if d >= step {
			return d.Round(step / 10).String()
		}
	}
	return d.String()
}
