package main

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// Whoever stalls makes the calls behind it late, and their waiting counts: a stall is not one slow call among many fast.
func TestWaitingCounts(t *testing.T) {
	const stall = 100 * time.Millisecond
	calls := 0
	took, err := arrive([]func() error{func() error {
		if calls++; calls == 50 {
			time.Sleep(stall)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, ns := range took {
		if time.Duration(ns) > stall/2 {
			late++
		}
	}
	// Half of those that should have begun during the stall waited for more than half of it.
	if want := int(rate * stall / time.Second / 2); late < want*3/4 {
		t.Errorf("%d calls waited, want some %d; the slowest %v", late, want, time.Duration(slices.Max(took)))
	}
}

func TestArrivalsFail(t *testing.T) {
	broken := errors.New("broken")
	if _, err := arrive([]func() error{func() error { return broken }, func() error { return nil }}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
