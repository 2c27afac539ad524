package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"bulkhead/bench/peers"
	"bulkhead/host/measure"
)

// TestMain makes this test's executable the child that the program would be.
func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		if err := child(task, smallest()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// smallest is a run that measures nothing well, and everything.
func smallest() options {
	return options{
		root: "..", host: "../bin/host", hostWasmtime: "../bin/host-wasmtime", name: "test", patience: 250 * time.Millisecond, tries: 1,
		onnx:   "../.tools/npm/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1",
		config: measure.Config{Rounds: 1, Batch: time.Microsecond},
	}
}

// The page is what the latest whole run found: whoever measures anew, or changes the template, makes it anew.
func TestPage(t *testing.T) {
	want, err := pageOf("page.tmpl", "results")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("README.md")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("README.md is not made from page.tmpl and results: make bench-page (%v)", err)
	}
}

func contenderOf(answer string, err error) entry {
	return entry{name: "x", open: func(context.Context) (peers.Caller, error) {
		return func(_ context.Context, dst, _ []byte) ([]byte, error) { return append(dst, answer...), err }, nil
	}}
}

// Whoever answers wrongly, or not at all, ends the comparison with its name.
func TestWrongAnswers(t *testing.T) {
	b := newBench(smallest())
	for name, e := range map[string]entry{"wrong": contenderOf("b", nil), "fails": contenderOf("", errors.New("broken")), "absent": {open: func(context.Context) (peers.Caller, error) {
		return nil, errors.New("it is not installed")
	}}} {
		good := contenderOf("a", nil)
		good.name, e.name = "good", name
		_, err := b.compare(t.Context(), comparison{name: "c", base: "good", check: equals([]byte("a")), entries: []entry{good, e}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := contenderOf("a", nil)
	good.name = "good"
	table, err := b.compare(t.Context(), comparison{name: "c", base: "good", check: equals([]byte("a")), entries: []entry{good}})
	if err != nil || len(table.Rows) != 2 || table.Rows[1].Name != "A/A: good" {
		t.Errorf("%+v, %v", table, err)
	}
}

// A contender that changes its answer while it is measured is found out.
func TestChangingAnswers(t *testing.T) {
	calls := 0
	e := entry{name: "fickle", open: func(context.Context) (peers.Caller, error) {
		return func(_ context.Context, dst, _ []byte) ([]byte, error) {
			if calls++; calls > 3 {
				return append(dst, "aa"...), nil
			}
			return append(dst, "a"...), nil
		}, nil
	}}
	if _, err := newBench(smallest()).compare(t.Context(), comparison{name: "c", base: "fickle", check: equals([]byte("a")), entries: []entry{e}}); err == nil {
		t.Error("nobody noticed")
	}
}
