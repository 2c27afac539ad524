package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"bulkhead/bench/guests"
	"bulkhead/bench/models"
	"bulkhead/bench/peers"
	"bulkhead/bench/report"
)

const (
	taskMemory = "memory"
	held       = 8 // plugins more, whose memory is counted
)

// memory shows what one more plugin takes: a small guest, loaded and called once, in a process that has one already.
func (b *bench) memory(ctx context.Context) error {
	g := report.Grid{
		Name: "memory", Title: "Memory of one more plugin",
		Notes: fmt.Sprintf("What the kernel counts as proportional set size of all processes, for each of %d more echo plugins of 64 KiB of memory that were loaded and called once. "+
			"Ours keep an instance and what it takes to make the next; go-plugin's is a Go program that does nothing else.", held),
		Columns: []string{"", "one more plugin"},
	}
	for _, who := range b.holders() {
		figures, killed, err := askFor(ctx, time.Minute, task(taskMemory, who.name))
		if err == nil && (killed || len(figures) != 1) {
			err = fmt.Errorf("told %d, killed %v", figures, killed)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", who.name, err)
		}
		g.Rows = append(g.Rows, []string{who.name, fmt.Sprintf("%.2f MiB", float64(figures[0])/(1<<20))})
	}
	b.run.Grids = append(b.run.Grids, g)
	return nil
}

// holders are everybody who can hold many plugins.
func (b *bench) holders() []entry {
	guest := guests.Echo(1)
	model, in, out := models.Identity(16)
	all := []entry{
		{name: nameONNX, open: b.onONNX(model, in, out)},
		{name: alone(onWazero), open: func(ctx context.Context) (peers.Caller, error) {
			p, err := peers.NewPlain(ctx, b, guest, peers.Compiler(), peers.World{})
			if err != nil {
				return nil, err
			}
			return p.Call, nil
		}},
		{name: nameInterpreter, open: b.onInterpreter(guest, peers.World{})},
		{name: nameWasmtimeGo, open: b.onWasmtimeGo(guest, peers.World{})},
		{name: nameExtism, open: b.onExtism(guests.ExtismEcho(), guests.EchoName, timeout, peers.World{})},
		{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, serviceEcho, nil)},
	}
	for _, at := range places() {
		all = append(all, entry{name: at.String(), open: b.ours(at, guest, false)})
	}
	return all
}

// hold is a child's task: it opens one, then more, and tells what each of these took.
func (b *bench) hold(ctx context.Context, name string) error {
	ready()
	request := bytes.Repeat([]byte("x"), 64)
	for _, who := range b.holders() {
		if who.name != name {
			continue
		}
		var before int64
		for i := range 1 + held {
			c, err := who.open(ctx)
			if err == nil {
				_, err = c(ctx, nil, request)
			}
			if err != nil {
				return err
			}
			if i == 0 {
				if before, err = proportional(); err != nil {
					return err
				}
			}
		}
		after, err := proportional()
		if err == nil {
			tell((after - before) / held)
		}
		return err
	}
	return fmt.Errorf("nobody is called %q", name)
}

// proportional is the proportional set size of this process and its descendants, without garbage.
func proportional() (int64, error) {
	debug.FreeOSMemory()
	return sumOf(os.Getpid())
}

func sumOf(pid int) (int64, error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	rollup, err := os.ReadFile(filepath.Join(folder, "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	var sum int64
	for line := range strings.Lines(string(rollup)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			fmt.Sscan(rest, &sum)
		}
	}
	sum <<= 10 // it says kB
	tasks, err := filepath.Glob(filepath.Join(folder, "task/*/children"))
	if err != nil {
		return 0, err
	}
	for _, t := range tasks {
		list, err := os.ReadFile(t)
		if err != nil {
			return 0, err
		}
		for _, child := range strings.Fields(string(list)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			more, err := sumOf(n)
			if err != nil {
				return 0, err
			}
			sum += more
		}
	}
	return sum, nil
}
