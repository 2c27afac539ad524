package hostile

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// A watcher sees what an attack does to everybody else.
type watcher struct {
	field *field
	done  chan struct{}
	all   sync.WaitGroup

	control []time.Duration
	failure error
	pauses  []time.Duration

	mu             sync.Mutex
	peak, loadPeak uint64
}

// watch starts a caller of the control plugin, one of the collector, and one that looks at memory.
func watch(f *field) *watcher {
	forgetHighWater()
	v := &watcher{field: f, done: make(chan struct{})}
	v.every(3*time.Millisecond, v.callControl)
	v.every(10*time.Millisecond, v.collect)
	v.every(2*time.Millisecond, v.measure)
	return v
}

func (v *watcher) measure() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.peak = max(v.peak, memoryOf(processes()), highWater())
}

// loaded starts to measure calls. What compiling left to the collector is none of theirs.
func (v *watcher) loaded() {
	v.measure()
	debug.FreeOSMemory()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.loadPeak, v.peak = v.peak, 0
	forgetHighWater()
}

func (v *watcher) every(pause time.Duration, do func()) {
	v.all.Go(func() {
		for {
			do()
			select {
			case <-v.done:
				return
			case <-time.After(pause):
			}
		}
	})
}

func (v *watcher) callControl() {
	start := time.Now()
	answer, err := v.field.control.Call(context.Background(), nil, []byte("control"))
	v.control = append(v.control, time.Since(start))
	if (err != nil || !bytes.Equal(answer, []byte("control"))) && v.failure == nil {
		v.failure = fmt.Errorf("%q, %v", answer, err)
	}
}

func (v *watcher) collect() {
	start := time.Now()
	runtime.GC()
	v.pauses = append(v.pauses, time.Since(start))
}

// stop ends the watch and adds what it saw.
func (v *watcher) stop(r *result, a *Attack) {
	close(v.done)
	v.all.Wait()
	v.measure()
	r.peak = v.peak - min(v.peak, v.field.base.memory)
	r.loadPeak = v.loadPeak - min(v.loadPeak, v.field.base.memory)
	if r.slowest == 0 && v.loadPeak == 0 { // it was never loaded
		r.loadPeak, r.peak = r.peak, 0
	}
	if v.failure != nil {
		r.wrong = append(r.wrong, fmt.Sprintf("the control plugin answered %v", v.failure))
	}
	if took := quantile(v.control, 0.95); took > controlTime {
		r.slow = append(r.slow, fmt.Sprintf("the control plugin took %v", took))
	}
	if took := quantile(v.pauses, 0.5); r.slowest >= spinTime && took > pauseTime {
		if usual := v.usual(); took > 3*usual {
			r.slow = append(r.slow, fmt.Sprintf("the collector took %v in the median of %d, at most %v; beside other work %v", took, len(v.pauses), pauseTime, usual))
		}
	}
}

// spinTime is the shortest call during which the collector runs a few times.
const spinTime = 5 * pauseTime

// usual is what the collector takes beside a loop of Go's, on this machine at this moment.
func (v *watcher) usual() time.Duration {
	other := &watcher{done: make(chan struct{})}
	other.every(10*time.Millisecond, other.collect)
	for start := time.Now(); time.Since(start) < spinTime; {
	}
	close(other.done)
	other.all.Wait()
	return quantile(other.pauses, 0.5)
}

// quantile is rounded up, so that of two the longer counts.
func quantile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[int(math.Ceil(q*float64(len(times)-1)))]
}

// controlPlugin answers its request.
func controlPlugin() *Attack {
	a := called("control", "nothing", OK, guest(nil, w.Get(0), w.Get(1), w.Pack(2)))
	a.Limits.Timeout = 10 * time.Second
	return a
}
