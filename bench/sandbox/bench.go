package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"bulkhead/bench/sandbox/measure"
)

// A bench is one run: what it measures with, and what it found.
type bench struct {
	options
	ctx     context.Context
	machine measure.Machine
	guest   []byte   // of stock Go, built once
	closers []func() // of the present section, in order of opening

	parts  []string // Markdown
	tables []measure.Table
	aims   []aim
}

func (b *bench) close() {
	for i := len(b.closers) - 1; i >= 0; i-- {
		b.closers[i]()
	}
	b.closers = nil
}

func (b *bench) closing(f func()) { b.closers = append(b.closers, f) }

// A caller answers requests; answers are appended to dst, where it can.
type caller func(ctx context.Context, dst, request []byte) ([]byte, error)

// contender calls c again and again and sees to it that the answer stays what it was at first, which must be want.
func (b *bench) contender(name string, c caller, request, want []byte) (measure.Contender, error) {
	dst := make([]byte, 0, 4096)
	first, err := c(b.ctx, dst, request)
	if err != nil {
		return measure.Contender{}, fmt.Errorf("%s: %w", name, err)
	}
	if !bytes.Equal(first, want) {
		return measure.Contender{}, fmt.Errorf("%s: answers % .40x, want % .40x", name, first, want)
	}
	return measure.Contender{Name: name, Call: func() error {
		answer, err := c(b.ctx, dst, request)
		if err == nil && len(answer) != len(want) {
			err = fmt.Errorf("an answer of %d bytes, want %d", len(answer), len(want))
		}
		return err
	}}, nil
}

// compare measures contenders against each other and keeps the table.
func (b *bench) compare(t measure.Table, all []measure.Contender) (*measure.Table, error) {
	var err error
	if t.Rows, err = measure.Run(b.config, all); err != nil {
		return nil, err
	}
	b.tables = append(b.tables, t)
	b.parts = append(b.parts, t.Markdown())
	return &b.tables[len(b.tables)-1], nil
}

// goGuest is the guest of the contract suite that stock Go builds.
func (b *bench) goGuest() ([]byte, error) {
	if b.guest != nil {
		return b.guest, nil
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out,
		"./runtimes/runtimetest/internal/goguest")
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if message, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the Go guest: %w\n%s", err, message)
	}
	b.guest, err = os.ReadFile(out)
	return b.guest, err
}
