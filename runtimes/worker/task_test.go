package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulkhead/abi"
)

func TestTask(t *testing.T) {
	c := &child{shared: &shared{header: &header{}}}
	task := c.task(frame{call: 3, time: uint64(time.Hour)})
	if d, ok := task.Deadline(); !ok || time.Until(d) < 59*time.Minute || task.Err() != nil || task.Value("x") != nil {
		t.Errorf("a new task: %v", task.Err())
	}
	c.cancelled.Store(2)
	if task.Err() != nil {
		t.Error("another call was cancelled, not this one")
	}
	done := task.Done()
	c.cancelled.Store(3)
	select {
	case <-done:
	case <-time.After(patient):
		t.Error("Done does not see the host's word")
	}
	if !errors.Is(task.Err(), context.Canceled) {
		t.Error(task.Err())
	}
	if c.cancelled.Store(0); c.task(frame{time: uint64(time.Hour)}).Err() != nil {
		t.Error("nothing cancelled a load")
	}
	if err := c.task(frame{}).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a task without time: %v", err)
	}
	task = c.task(frame{call: 4, time: uint64(20 * time.Millisecond)})
	child, cancel := context.WithCancel(task)
	defer cancel()
	if child.Value(taskKey{}) != task {
		t.Error("a context of the task does not know it")
	}
	<-child.Done()
	task = c.task(frame{call: 4, time: uint64(time.Hour)})
	done = task.Done()
	task.finish()
	<-done
	<-task.Done()
}

// Who asks for a task that is over, or for none, is not heard: the host would take it for an attack.
func TestAskingTooLate(t *testing.T) {
	c := &child{shared: &shared{header: &header{}}}
	over := c.task(frame{call: 1, time: uint64(time.Hour)})
	over.finish()
	for name, ctx := range map[string]context.Context{"over": over, "none": t.Context()} {
		if _, err := c.Capability(ctx, abi.Log, 1, nil, nil); !errors.Is(err, abi.ErrUnavailable) || c.sent != 0 {
			t.Errorf("%s: error %v, %d frames sent", name, err, c.sent)
		}
	}
}
