package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// limitsOf are the limits that the operator gives a plugin.
func limitsOf(p manifest.Plugin) runtimes.Limits {
	return runtimes.Limits{Memory: p.Memory, Timeout: p.Timeout, Fuel: p.Fuel, Instances: p.Instances}
}

// limitFlags say in the manifest's words how a command runs a plugin that no manifest names.
type limitFlags struct{ engine, worker, isolation, memory, timeout, fuel string }

func (f *limitFlags) add(cmd *cobra.Command) {
	for _, flag := range []struct {
		to                    *string
		name, byDefault, what string
	}{
		{&f.engine, "backend", manifest.DefaultBackend, "which engine"},
		{&f.worker, "worker", "", "program that is the worker; default: this one, or host-wasmtime beside it"},
		{&f.isolation, "isolation", string(manifest.Process), "where it runs: process or inline"},
		{&f.memory, "memory", "64MiB", "limit of linear memory"},
		{&f.timeout, "timeout", "10s", "limit of time for one call, from 1ms to 10m"},
		{&f.fuel, "fuel", "10G", "limit of fuel for one call, with K, M, G or T"},
	} {
		cmd.Flags().StringVar(flag.to, flag.name, flag.byDefault, flag.what)
	}
}

// parse returns a usage error for what the manifest would not take.
func (f *limitFlags) parse() (placement, runtimes.Limits, error) {
	isolation, wrongIsolation := manifest.ParseIsolation(f.isolation)
	program, wrongEngine := f.program(isolation)
	memory, wrongMemory := manifest.ParseMemory(f.memory)
	timeout, wrongTimeout := manifest.ParseTimeout(f.timeout)
	fuel, wrongFuel := manifest.ParseFuel(f.fuel)
	if err := errors.Join(wrongEngine, wrongIsolation, wrongMemory, wrongTimeout, wrongFuel); err != nil {
		return placement{}, runtimes.Limits{}, usage(err)
	}
	return placement{f.engine, isolation, program}, runtimes.Limits{Memory: memory, Timeout: timeout, Fuel: fuel}, nil
}

// program is the worker to start, "" for this program or none.
func (f *limitFlags) program(where manifest.Isolation) (string, error) {
	switch {
	case where == manifest.Inline && f.worker != "":
		return "", errors.New("--worker goes with --isolation process")
	case where == manifest.Inline && backends()[f.engine] == nil, f.engine != "wasmtime" && f.worker == "" && sandboxed()[f.engine] == nil:
		return "", fmt.Errorf("this binary has no backend %q", f.engine)
	case f.worker != "" || sandboxed()[f.engine] != nil:
		return f.worker, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), "host-"+f.engine)
	if _, err := os.Stat(beside); err != nil {
		return "", fmt.Errorf("there is no worker with wasmtime: %w\nhint: make host-wasmtime builds it, --worker says where it is", err)
	}
	return beside, nil
}
