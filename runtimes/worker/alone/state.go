//go:build cgo

package alone

// #include "alone.h"
import "C"

import (
	"errors"
	"fmt"
	"syscall"
)

// A State says what became of a worker's sandbox while the process had one thread.
type State struct {
	NoNewPrivs, Capabilities, Landlock error     // nil: it stands
	Rights                             [3]uint64 // that Landlock took: of files, network, scope
	Pagemap                            int       // /proc/self/pagemap, open for reading; -1: there is none
}

// Look returns the state, or an error if nothing can be said of a process that was not alone, or is no worker.
func Look() (State, error) {
	a := &C.bulkhead_alone
	if a.ran == 0 {
		return State{Pagemap: -1}, errors.New("nothing was done while there was one thread")
	}
	s := State{
		NoNewPrivs: failed(a.no_new_privs), Capabilities: failed(a.capabilities), Landlock: failed(a.landlock),
		Rights: [3]uint64{uint64(a.files), uint64(a.network), uint64(a.scope)}, Pagemap: int(a.pagemap),
	}
	if err := failed(a.threads); err != nil {
		return s, fmt.Errorf("looking for other threads: %w", err)
	}
	return s, nil
}

func failed(errno C.int) error {
	if errno == 0 {
		return nil
	}
	return syscall.Errno(errno)
}
