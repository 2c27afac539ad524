package worker

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// Bits of the layers that a worker has put over itself, as it says before it has read a byte of its plugin.
const (
	layerHidden = 1 << iota // not dumpable, no capabilities
	layerNoNewPrivs
	layerLandlock
	layerRlimits
	layerSeccomp

	allLayers = 1<<iota - 1
)

// A step puts one layer over the process.
type step struct {
	layer uint32
	name  string
	do    func() error
	holds func() error // whether it did, for this thread; nil: it is the process's
}

// lockdown puts every layer over this process, in the order that works: Landlock needs no_new_privs and a descriptor,
// the filter of system calls forbids what the others need. It tries all, so that all that is missing is known at once. No
// layer is there because a system call said so: each is looked for, and those of threads on another one too.
func lockdown(data uint64, ownUsers bool) (layers uint32, missing error) {
	runtime.LockOSThread() // what makes other threads from now on is a thread of before
	defer runtime.UnlockOSThread()
	ofThreads := []step{
		{layerHidden, "hiding", hide, hasNoCapabilities},
		{layerNoNewPrivs, "no_new_privs", noNewPrivs, hasNoNewPrivs},
		{layerLandlock, "landlock", landlock, hasLandlock},
	}
	ofProcess := []step{
		{layerRlimits, "rlimits", func() error { return limitAll(data, ownUsers) }, nil},
		{layerSeccomp, "seccomp", func() error { return install(processor().filter(uint32(unix.Getpid()), false)) }, hasSeccomp},
	}
	reasons := map[string]error{}
	for _, s := range ofThreads {
		s.try(reasons)
	}
	elsewhere(func() { // before no file can be opened anyway
		for _, s := range ofThreads {
			s.look(reasons)
		}
	})
	for _, s := range ofProcess {
		s.try(reasons)
	}
	var words []string
	for _, s := range append(ofThreads, ofProcess...) {
		if err := reasons[s.name]; err != nil {
			words = append(words, fmt.Sprintf("%s: %v", s.name, err))
			continue
		}
		layers |= s.layer
	}
	if words != nil {
		missing = errors.New(strings.Join(words, "; "))
	}
	return layers, missing
}

// try puts the layer on and looks for it.
func (s step) try(reasons map[string]error) {
	reasons[s.name] = s.do()
	s.look(reasons)
}

// look notes that the layer is not there, if nobody has noted that before.
func (s step) look(reasons map[string]error) {
	if reasons[s.name] == nil && s.holds != nil {
		reasons[s.name] = s.holds()
	}
}

// hide keeps other processes of the same user out, and takes whatever capabilities an operator gave the host.
func hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	return dropCapabilities()
}

// settle ends loading: what it left is given back, and what only it needed is forbidden, executable memory above all.
func settle(l runtimes.Limits) error {
	debug.SetMemoryLimit(heap + int64(l.Memory))
	debug.FreeOSMemory()
	if err := limit(unix.RLIMIT_DATA, dataLimit(l)); err != nil {
		return fmt.Errorf("limiting memory: %w", err)
	}
	if err := install(processor().filter(uint32(unix.Getpid()), true)); err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	return nil
}
