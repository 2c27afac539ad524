package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

const (
	headroom     = 4
	leastTimeout = 100 * time.Millisecond // calls wait for their turn within it
)

// A proposal is a plugin's limits as an operator may write them.
type proposal struct {
	memory, fuel uint64
	timeout      time.Duration
	forLoad      bool // the fuel is what loading needs
}

// propose gives four times what was used. The memory of a call holds that of the load, whose snapshot it starts from.
// Loading may take StartFactor times the timeout, if that is more than MinStart.
func (m *measurement) propose() *proposal {
	timeout := max(headroom*m.took, leastTimeout)
	if load := headroom * m.load; load > runtimes.MinStart {
		timeout = max(timeout, load/runtimes.StartFactor)
	}
	ms := uint64((timeout + time.Millisecond - 1) / time.Millisecond)
	return &proposal{
		memory:  min(tidyMemory(headroom*m.memory), manifest.MaxMemory),
		fuel:    min(tidy(headroom*m.fuel), manifest.MaxFuel),
		timeout: min(time.Duration(tidy(ms))*time.Millisecond, manifest.MaxTimeout),
	}
}

// tidy rounds up to a number that people remember: two digits at most, and few of those.
func tidy(n uint64) uint64 {
	for power := uint64(1); ; power *= 10 {
		for _, step := range []uint64{10, 15, 20, 25, 30, 40, 50, 60, 80} {
			if v := step * power / 10; v >= n {
				return v
			}
		}
	}
}

// tidyMemory rounds up to whole MiB: a power of two, or one and a half.
func tidyMemory(n uint64) uint64 {
	for size := uint64(1 << 20); ; size *= 2 {
		if size >= n {
			return size
		}
		if half := size + size/2; half >= n && size > 1<<20 {
			return half
		}
	}
}

// suffice raises the fuel until a quarter of it is enough to load the plugin, which has StartFactor times the limit. What
// loading uses is not measured, so it is tried; enough is known to be so.
func (p *proposal) suffice(ctx context.Context, sp *specimen, at placement, enough uint64) error {
	most := min(headroom*enough, manifest.MaxFuel)
	for {
		trial := runtimes.Limits{Memory: p.memory, Timeout: p.timeout, Fuel: max(p.fuel/headroom, 1)}
		w, err := newWorkbench(ctx, sp, at, trial)
		switch {
		case err == nil:
			return w.close(ctx)
		case !errors.Is(err, runtimes.ErrLimit) || p.fuel >= most:
			return fmt.Errorf("loading under the limits that were measured: %w", err)
		}
		p.fuel, p.forLoad = min(tidy(headroom*p.fuel), most), true
	}
}

// block is the lines for the manifest.
func (p *proposal) block(m *measurement) string {
	word, load := "used ", ""
	if m.reported {
		word = "the worker reports "
	}
	if p.forLoad {
		load = ", loading more"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "memory    = %-10q # %s%s\n", manifest.FormatMemory(p.memory), word, aboutBytes(m.memory))
	fmt.Fprintf(&b, "timeout   = %-10q # used %s on this machine\n", manifest.FormatTimeout(p.timeout), aboutTime(m.took))
	fmt.Fprintf(&b, "fuel      = %-10q # %s%s%s\n", manifest.FormatFuel(p.fuel), word, aboutFuel(m.fuel), load)
	return b.String()
}

// limitsResult is what `host plugin limits --json` prints: limits in the manifest's words, and what they come from.
type limitsResult struct {
	Memory   string     `json:"memory"`
	Timeout  string     `json:"timeout"`
	Fuel     string     `json:"fuel"`
	Used     limitsUsed `json:"used"`
	Requests int        `json:"requests"`
	Failed   int        `json:"failed"` // answered with an error
}

type limitsUsed struct {
	Fuel     uint64  `json:"fuel"`
	Memory   uint64  `json:"memory"`   // bytes
	Duration float64 `json:"duration"` // seconds
	Load     float64 `json:"load"`     // seconds
	Reported bool    `json:"reported"` // fuel and memory are a worker's word
}

func (p *proposal) result(m *measurement, requests int) limitsResult {
	return limitsResult{
		Memory: manifest.FormatMemory(p.memory), Timeout: manifest.FormatTimeout(p.timeout), Fuel: manifest.FormatFuel(p.fuel),
		Used:     limitsUsed{m.fuel, m.memory, m.took.Seconds(), m.load.Seconds(), m.reported},
		Requests: requests, Failed: m.failed,
	}
}
