package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// The manifest may not import the runtimes: it must mean the same by itself.
func TestManifestHasTheBoundsOfTheRuntimes(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want uint64
	}{
		{"timeout", uint64(manifest.MaxTimeout), uint64(runtimes.MaxTimeout)},
		{"fuel", manifest.MaxFuel, runtimes.MaxFuel},
		{"instances", manifest.MaxInstances, runtimes.MaxInstances},
		{"default of instances", manifest.DefaultInstances, runtimes.DefaultInstances},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d in the manifest, %d in the runtimes", tt.name, tt.got, tt.want)
		}
	}
}

func TestLimitsReachTheRuntime(t *testing.T) {
	got := limitsOf(manifest.Plugin{Memory: 1 << 20, Timeout: 2 * time.Second, Fuel: 3e6, Instances: 4})
	if want := (runtimes.Limits{Memory: 1 << 20, Timeout: 2 * time.Second, Fuel: 3e6, Instances: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLimitFlags(t *testing.T) {
	for _, tt := range []struct{ args, wrong string }{
		{"", ""},
		{"--memory 1GiB --timeout 500ms --fuel 1T --isolation inline --backend wazero", ""},
		{"--memory 64", `"64" is no size`},
		{"--timeout 0s", `"0s" is no time`},
		{"--fuel unlimited", `"unlimited" is no amount of fuel`},
		{"--isolation none", `"none" is no isolation`},
		{"--backend v8", `this binary has no backend "v8"`},
		{"--backend v8 --isolation inline", `this binary has no backend "v8"`},
		{"--worker x --isolation inline", `--worker goes with --isolation process`},
		{"--worker x", ""},
		{"--worker x --backend wasmtime", ""},
	} {
		var f limitFlags
		cmd := &cobra.Command{}
		cmd.SetOut(io.Discard)
		f.add(cmd)
		if err := cmd.ParseFlags(strings.Fields(tt.args)); err != nil {
			t.Fatal(err)
		}
		at, limits, err := f.parse()
		switch {
		case tt.wrong != "" && (err == nil || code(err) != exitUsage || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%s: %v", tt.args, err)
		case tt.wrong == "" && (err != nil || at.isolation == "" || limits.Memory == 0 || limits.Timeout == 0 || limits.Fuel == 0):
			t.Errorf("%s: %+v, %+v, %v", tt.args, at, limits, err)
		}
	}
}
