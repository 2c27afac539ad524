package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/bench/sandbox/measure"
)

// TestMain makes this test's executable the child that the program would be.
func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		if err := child(task, options{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func newBench(t *testing.T) *bench {
	b := &bench{ctx: t.Context(), machine: measure.Here(), options: options{
		out: t.TempDir(), name: "test", config: measure.Config{Rounds: 2, Batch: time.Microsecond}}}
	t.Cleanup(b.close)
	return b
}

// A run writes a report and the samples of what it compared; every peer gives the same answers.
func TestMetering(t *testing.T) {
	b := newBench(t)
	if err := b.metering(); err != nil {
		t.Fatal(err)
	}
	if err := b.write(); err != nil {
		t.Fatal(err)
	}
	for suffix, want := range map[string]string{".md": "| metering over none, wazero, tight loop, xorshift | at most 1.30 |", ".csv": "\"metering/tight loop, xorshift\","} {
		got, err := os.ReadFile(filepath.Join(b.out, b.machine.Date()+"-test"+suffix))
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v, has no %q", suffix, err, want)
		}
	}
}

// Every peer answers what it was asked.
func TestPeers(t *testing.T) {
	b := newBench(t)
	for name, open := range map[string]func() (caller, error){
		"Extism":                func() (caller, error) { return b.extism(guests.ExtismEcho(), 0) },
		"Extism, timeout":       func() (caller, error) { return b.extism(guests.ExtismEcho(), 1000) },
		"Extism, fresh":         func() (caller, error) { return b.freshExtism(guests.ExtismEcho(), 1000) },
		"go-plugin, net/rpc":    func() (caller, error) { return b.goPlugin(taskRPC) },
		"go-plugin, gRPC":       func() (caller, error) { return b.goPlugin(taskGRPC) },
		"ours":                  func() (caller, error) { return b.ours(inline()[0], guests.Echo(1), false) },
		"ours, without a reset": func() (caller, error) { return b.ours(inline()[0], guests.Echo(1), true) },
	} {
		c, err := open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x, err := b.contender(name, c, text(), text())
		if err == nil {
			err = x.Call()
		}
		if err != nil {
			t.Error(err)
		}
		if _, err := b.contender(name, c, text(), []byte("something else")); err == nil {
			t.Errorf("%s: a wrong answer counts", name)
		}
	}
}

// What a child cannot end is killed, and what it told before counts.
func TestNever(t *testing.T) {
	b := newBench(t)
	e := guests.Endlesses()
	times, killed, err := ask(b.ctx, taskDeadline+"/"+e[0].Name)
	if err != nil || killed || len(times) != tries {
		t.Errorf("a loop: %v, killed %v: %v", times, killed, err)
	}
	times, killed, err = ask(b.ctx, taskDeadline+"/"+e[1].Name)
	if err != nil || !killed || len(times) != 0 {
		t.Errorf("calls: %v, killed %v: %v", times, killed, err)
	}
}

func TestAims(t *testing.T) {
	b := &bench{}
	b.aimTime("a", 1000, 999)
	b.aimRatio("b", 1, 1.5)
	if got := b.aimsTable(); !strings.Contains(got, "| a | at most 1.00 µs | 999 ns | met |\n| b | at most 1.00 | 1.50 | **missed** |\n") {
		t.Error(got)
	}
}
