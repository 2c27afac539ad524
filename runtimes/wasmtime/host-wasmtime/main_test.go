//go:build wasmtime

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/worker"
)

// program is what make host-wasmtime built, before these tests: what they say is said of that file.
const program = "../../../bin/host-wasmtime"

func kept(t *testing.T) *worker.Executable {
	t.Helper()
	e, err := worker.ReadExecutable(program)
	if err != nil {
		t.Fatalf("%v: make bin/host-wasmtime builds it", err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// The program alone keeps the contract of all backends.
func TestContract(t *testing.T) {
	e := kept(t)
	runtimetest.Run(t, func() runtimes.Backend {
		b, err := worker.New(worker.Config{Backend: "wasmtime", Executable: e})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// It stands in every layer, says which engine it has, and has no other.
func TestSandbox(t *testing.T) {
	e := kept(t)
	r, err := worker.Check(t.Context(), worker.Config{Backend: "wasmtime", Executable: e})
	if err != nil || !strings.HasPrefix(r.Engine, "wasmtime v") {
		t.Errorf("%+v %v", r, err)
	}
	for _, l := range r.Layers {
		if l.Required && !l.Present {
			t.Errorf("layer %s is missing", l.Name)
		}
	}
	if r, err := worker.Check(t.Context(), worker.Config{Backend: "wazero", Executable: e}); err == nil {
		t.Errorf("it has wazero: %+v", r)
	}
}

// It needs no library of the system, and so the same bytes run on every one.
func TestStatic(t *testing.T) {
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it needs an interpreter")
		}
	}
	if names, err := f.ImportedLibraries(); len(names) > 0 {
		t.Errorf("it needs %q (%v)", names, err)
	}
}

// A person who starts it is told what it is. One who calls it by the name of workers gets no worker.
func TestByHand(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"host-wasmtime", "version"}, 0, "a worker with wasmtime v"},
		{[]string{"host-wasmtime"}, 2, "bin/host starts it"},
		{[]string{"bulkhead-worker"}, 1, "is started by a host"},
		{[]string{"bulkhead-worker", "wasmtime", "1000000000", "false", "x"}, 1, "watching the host"},
	} {
		cmd := &exec.Cmd{Path: program, Args: tt.args, Env: os.Environ()}
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != tt.code || !strings.Contains(string(out), tt.says) {
			t.Errorf("%q: exit %d, %q", tt.args, got, out)
		}
	}
}
