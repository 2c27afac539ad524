package worker

import (
	"runtime"
	"testing"
	"time"
)

// A worker whose pages are being given back while its module is closed is buried like any other. To give back many takes a
// while, in which the module closes.
func TestRestDuringClose(t *testing.T) {
	for range 5 {
		w := mustWorld(t, testProgram(nil, &witness{}), honest(modest{}))
		idle := w.idle[0]
		for i := range idle.held {
			area := idle.area(i)
			for at := 0; at < len(area); at += pageSize {
				area[at] = 1
			}
			idle.held[i] = areaSize
		}
		go w.relieve(idle)
		for w.Status().Idle > 0 {
			runtime.Gosched()
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-idle.peer.gone():
		case <-time.After(time.Second):
			t.Fatal("the worker lives on")
		}
	}
}
