package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds on the limits of a plugin. A test of the host holds them against those of its runtimes.
const (
	MinMemory        = 64 << 10
	MaxMemory        = 4 << 30
	MinTimeout       = time.Millisecond
	MaxTimeout       = 10 * time.Minute
	MinFuel          = 1
	MaxFuel          = 1 << 50
	MaxInstances     = 64
	DefaultInstances = 2
)

// An Isolation says where a plugin runs.
type Isolation string

// The isolations. Process has no default and no fallback: whoever runs a plugin inside the host says so.
const (
	Process Isolation = "process" // in a child process of its own, with a sandbox around it
	Inline  Isolation = "inline"  // inside the host
)

// ParseIsolation reads an isolation.
func ParseIsolation(s string) (Isolation, error) {
	if i := Isolation(s); i == Process || i == Inline {
		return i, nil
	}
	return "", fmt.Errorf("%s is no isolation", quote(s))
}

// ParseMemory reads a size such as "32MiB", from MinMemory to MaxMemory, in bytes.
func ParseMemory(s string) (uint64, error) { return memories().parse(s) }

// ParseTimeout reads a time such as "500ms", "2s" or "1m", from MinTimeout to MaxTimeout: one number, one unit.
func ParseTimeout(s string) (time.Duration, error) {
	ms, err := timeouts().parse(s)
	return time.Duration(ms) * time.Millisecond, err
}

// ParseFuel reads an amount of fuel such as "500M", from MinFuel to MaxFuel, in units. Suffixes are powers of 1,000.
func ParseFuel(s string) (uint64, error) { return fuels().parse(s) }

// FormatMemory is what ParseMemory reads as n.
func FormatMemory(n uint64) string { return memories().format(n) }

// FormatTimeout is what ParseTimeout reads as d, which is cut to whole milliseconds.
func FormatTimeout(d time.Duration) string { return timeouts().format(uint64(d.Milliseconds())) }

// FormatFuel is what ParseFuel reads as n.
func FormatFuel(n uint64) string { return fuels().format(n) }

// A quantity is a whole number with a unit, within bounds.
type quantity struct {
	what        string
	units       []unit // from the smallest
	least, most uint64
}

type unit struct {
	suffix string
	size   uint64
}

func memories() quantity {
	return quantity{"size", []unit{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}, MinMemory, MaxMemory}
}

func timeouts() quantity {
	units := []unit{{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}}
	return quantity{"time", units, uint64(MinTimeout.Milliseconds()), uint64(MaxTimeout.Milliseconds())}
}

func fuels() quantity {
	return quantity{"amount of fuel", []unit{{"", 1}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}, MinFuel, MaxFuel}
}

// parse takes one spelling of each pair of number and unit: no sign, no leading zero, no fraction, no space.
func (q quantity) parse(s string) (uint64, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	i := slices.IndexFunc(q.units, func(u unit) bool { return u.suffix == s[digits:] })
	if digits == 0 || s[0] == '0' || i < 0 {
		return 0, fmt.Errorf("%s is no %s", quote(s), q.what)
	}
	n, err := strconv.ParseUint(s[:digits], 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, err
	}
	size := q.units[i].size
	if err != nil || n > q.most/size || n*size < q.least {
		return 0, fmt.Errorf("%s is not between %s and %s", quote(s), q.format(q.least), q.format(q.most))
	}
	return n * size, nil
}

// format writes n with the largest unit that leaves no fraction.
func (q quantity) format(n uint64) string {
	for _, u := range slices.Backward(q.units) {
		if n%u.size == 0 {
			return strconv.FormatUint(n/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatUint(n, 10)
}
