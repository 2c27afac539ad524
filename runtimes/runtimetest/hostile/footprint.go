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

// memoryOf adds up what is resident, the first process's with its children's. What is shared between them counts once. A
// process that is gone holds nothing, nor does one that has not become a worker yet: it runs on its parent's memory.
func memoryOf(pids []int) (sum uint64) {
	own, _ := os.ReadFile("/proc/self/cmdline")
	var shared, children uint64
	for i, pid := range pids {
		if command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); i > 0 && (err != nil || bytes.Equal(command, own)) {
			continue
		}
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		sum += line(status, "RssAnon:") + line(status, "RssFile:")
		if i == 0 {
			shared = line(status, "RssShmem:")
		} else {
			children += line(status, "RssShmem:")
		}
	}
	return sum + max(shared, children)
}

// highWater is the most that has been resident of this process since forgetHighWater: what comes and goes between two looks
// counts too.
func highWater() uint64 {
	status, _ := os.ReadFile("/proc/self/status")
	return line(status, "VmHWM:")
}

func forgetHighWater() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// line is a line of a process's status, in bytes.
func line(status []byte, name string) (n uint64) {
	_, rest, _ := bytes.Cut(status, []byte("\n"+name))
	fmt.Fscanf(bytes.NewReader(rest), "%d kB", &n)
	return n << 10
}
