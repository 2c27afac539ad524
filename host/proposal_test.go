package main

import (
	"testing"
	"time"

	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

func TestTidy(t *testing.T) {
	for _, tt := range []struct{ n, want uint64 }{
		{0, 1}, {1, 1}, {7, 8}, {9, 10}, {11, 15}, {41, 50}, {164, 200}, {16_400_000, 20_000_000}, {20_000_000, 20_000_000}, {1<<50 + 1, 1_500_000_000_000_000},
	} {
		if got := tidy(tt.n); got != tt.want {
			t.Errorf("tidy(%d) is %d, want %d", tt.n, got, tt.want)
		}
	}
	for _, tt := range []struct{ n, want uint64 }{
		{0, 1}, {1 << 20, 1}, {1<<20 + 1, 2}, {5 << 20, 6}, {13 << 20, 16}, {17 << 20, 24}, {3 << 30, 3 << 10}, {4 << 30, 4 << 10},
	} {
		if got := tidyMemory(tt.n); got != tt.want<<20 {
			t.Errorf("tidyMemory(%d) is %d, want %d MiB", tt.n, got, tt.want)
		}
	}
}

// Whatever was measured, the manifest takes what is proposed, and it is four times as much.
func TestProposalsAreManifestLimits(t *testing.T) {
	for _, m := range []measurement{
		{},
		{spent: spent{fuel: 1, memory: 64 << 10, took: time.Microsecond}, load: time.Millisecond},
		{spent: spent{fuel: 4_123_456, memory: 3 << 20, took: 41 * time.Millisecond}, load: time.Second},
		{spent: spent{fuel: 123_456_789_123, memory: 900 << 20, took: 100 * time.Second}, load: time.Minute},
		{spent: spent{fuel: 1 << 50, memory: 4 << 30, took: 10 * time.Minute}, load: time.Hour},
	} {
		p := m.propose()
		memory, wrongMemory := manifest.ParseMemory(manifest.FormatMemory(p.memory))
		timeout, wrongTimeout := manifest.ParseTimeout(manifest.FormatTimeout(p.timeout))
		fuel, wrongFuel := manifest.ParseFuel(manifest.FormatFuel(p.fuel))
		if wrongMemory != nil || wrongTimeout != nil || wrongFuel != nil || memory != p.memory || timeout != p.timeout || fuel != p.fuel {
			t.Errorf("%+v: %+v is not what the manifest reads: %v %v %v", m, p, wrongMemory, wrongTimeout, wrongFuel)
		}
		start := max(runtimes.StartFactor*p.timeout, runtimes.MinStart)
		if p.memory < min(4*m.memory, manifest.MaxMemory) || p.fuel < min(4*m.fuel, manifest.MaxFuel) || p.timeout < min(max(4*m.took, leastTimeout), manifest.MaxTimeout) ||
			start < min(4*m.load, runtimes.StartFactor*manifest.MaxTimeout) {
			t.Errorf("%+v: only %+v", m, p)
		}
	}
}

func TestUsedOf(t *testing.T) {
	s := spent{fuel: 4_123_456, memory: 3 << 20, took: 41 * time.Millisecond, output: 40}
	l := runtimes.Limits{Fuel: 10e9, Memory: 64 << 20, Timeout: 10 * time.Second}
	if got := s.of(l); got != (usedOf{Fuel: 0.0412, Memory: 4.69, Time: 0.41, Output: 0.000238}) {
		t.Errorf("%+v", got)
	}
	if got, want := s.text(l), "fuel 4.1M (0.04% of 10G), memory 3 MiB (4.69% of 64MiB), time 41ms (0.41% of 10s), output 40 B (<0.01% of 16MiB)"; got != want {
		t.Errorf("%s", got)
	}
	s.reported = true
	if got := s.text(l); got[len(got)-40:] != "fuel and memory as the worker reports them"[2:] {
		t.Errorf("%s", got)
	}
	for _, tt := range []struct{ got, want string }{
		{aboutFuel(0), "0"}, {aboutFuel(999), "999"}, {aboutFuel(1000), "1K"}, {aboutFuel(1_000_003), "1M"}, {aboutFuel(9_960_000), "10M"}, {aboutFuel(1 << 63), "9223372T"},
		{aboutBytes(65536), "64 KiB"}, {aboutBytes(5 << 40), "5120 GiB"},
		{aboutTime(0), "0s"}, {aboutTime(999), "999ns"}, {aboutTime(1234567), "1.2ms"}, {aboutTime(12345678), "12ms"}, {aboutTime(83 * time.Second), "1m23s"},
		{inPercent(0), "0%"}, {inPercent(3e-7), "<0.01%"}, {inPercent(100), "100%"}, {inPercent(101.4), "101%"}, {inPercent(9.96), "10%"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
