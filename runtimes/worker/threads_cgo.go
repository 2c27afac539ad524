//go:build cgo

package worker

import (
	"cmp"
	"fmt"

	"bulkhead/runtimes/worker/alone"
)

// What threads.go does was done before Go began, by package alone. Here is what came of it.

// begin returns what was opened. Strangers are closed already.
func begin() (pagemap int, err error) {
	s, err := alone.Look()
	return s.Pagemap, err
}

func noNewPrivs() error {
	s, err := alone.Look()
	return cmp.Or(err, s.NoNewPrivs)
}

func dropCapabilities() error {
	s, err := alone.Look()
	return cmp.Or(err, s.Capabilities)
}

// landlock makes sure that the C code asked the kernel for as much as the Go code would.
func landlock() error {
	s, err := alone.Look()
	if err := cmp.Or(err, s.Landlock); err != nil {
		return err
	}
	all, err := knownRights()
	if err != nil {
		return err
	}
	if taken := (ruleset{s.Rights[0], s.Rights[1], s.Rights[2]}); taken != all {
		return fmt.Errorf("it took %#x of the rights %#x", taken, all)
	}
	return nil
}
