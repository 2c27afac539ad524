package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"bulkhead/bench/machine"
	"bulkhead/bench/report"
	"bulkhead/host/measure"
	"bulkhead/runtimes/worker"
)

// A bench is one run: what it measures with, and what it found.
type bench struct {
	options
	machine  machine.Machine
	guest    []byte                        // of stock Go, built once
	code     *kept                         // compiled code of all modules of ours
	programs map[string]*worker.Executable // of workers, by path
	closers  []func()                      // of the present section, in order of opening

	run     report.Run
	samples []sample
}

// A sample is what was measured of one table.
type sample struct {
	table string
	rows  []measure.Row
}

func newBench(o options) *bench {
	b := &bench{options: o, machine: machine.Here(), code: newKept(), programs: map[string]*worker.Executable{}}
	if b.name == "" {
		b.name = b.machine.Slug()
	}
	b.run.Date, b.run.Machine = b.machine.Date(), b.name
	return b
}

func (b *bench) close() { b.closeDownTo(0) }

// closeDownTo closes what was opened after the first n, the last first.
func (b *bench) closeDownTo(n int) {
	for i := len(b.closers) - 1; i >= n; i-- {
		b.closers[i]()
	}
	b.closers = b.closers[:n]
}

// Closing implements peers.Keeper: f runs at the end of the section.
func (b *bench) Closing(f func()) { b.closers = append(b.closers, f) }

// temporary is a folder until the end of the section, on the disk of the checkout: where /tmp is memory, what is flushed
// there costs nothing.
func (b *bench) temporary() (string, error) {
	folder, err := os.MkdirTemp(filepath.Join(b.root, "bin"), "bench")
	if err == nil {
		b.Closing(func() { os.RemoveAll(folder) })
		folder, err = filepath.Abs(folder)
	}
	return folder, err
}

// goGuest is the guest of the contract suite that stock Go builds.
func (b *bench) goGuest(ctx context.Context) ([]byte, error) {
	if b.guest != nil {
		return b.guest, nil
	}
	var err error
	b.guest, err = b.buildGuest(ctx, ".", "./runtimes/runtimetest/internal/goguest")
	return b.guest, err
}

// buildGuest compiles a package of a module of the project with stock Go for the sandbox.
func (b *bench) buildGuest(ctx context.Context, module, folder string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, folder)
	cmd.Dir, cmd.Env = filepath.Join(b.root, module), append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if message, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w\n%s", folder, err, message)
	}
	return os.ReadFile(out)
}
