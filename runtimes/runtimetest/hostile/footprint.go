package hostile

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// A footprint is what this process and its children hold.
type footprint struct {
	memory     uint64 // resident bytes
	goroutines int
	processes  int
}

// settle waits until there is no more than base, with memory to spare, or for two seconds; without a base, for a moment.
func settle(base footprint) footprint {
	until := time.Now().Add(2 * time.Second)
	for {
		children := processes()
		now := footprint{memoryOf(children), runtime.NumGoroutine(), len(children)}
		switch {
		case base == footprint{}:
			base = footprint{memory: 1 << 40, goroutines: 1 << 20, processes: 1 << 20}
		case now.memory <= base.memory+spareMemory && now.goroutines <= base.goroutines && now.processes <= base.processes,
			time.Now().After(until):
			return now
		}
		debug.FreeOSMemory()
		time.Sleep(5 * time.Millisecond)
	}
}

// processes are this one and its children; workers have none.
func processes() []int {
	all := []int{os.Getpid()}
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/children", thread.Name()))
		for child := range bytes.FieldsSeq(children) {
			if pid, err := strconv.Atoi(string(child)); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}

// memoryOf adds up what is resident. A process that is gone holds nothing.
func memoryOf(pids []int) (sum uint64) {
	for _, pid := range pids {
		statm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if fields := bytes.Fields(statm); len(fields) > 1 {
			pages, _ := strconv.ParseUint(string(fields[1]), 10, 64)
			sum += pages * uint64(os.Getpagesize())
		}
	}
	return sum
}
