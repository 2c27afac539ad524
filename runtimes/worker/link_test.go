package worker

import (
	"errors"
	"io"
	"math"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is both sides of a link. The test may close the worker's descriptors, and puts them into shut.
func pair(t *testing.T, shut *[2]int) (host, worker *link) {
	t.Helper()
	fd, h, err := makeShared() // where the race detector sees nothing
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	var bell, ring [2]int
	if err := errors.Join(unix.Pipe2(bell[:], unix.O_CLOEXEC), unix.Pipe2(ring[:], unix.O_CLOEXEC)); err != nil {
		t.Fatal(err)
	}
	unix.SetNonblock(bell[1], true)
	unix.SetNonblock(ring[1], true)
	t.Cleanup(func() {
		for _, fd := range []int{bell[0], bell[1], ring[0], ring[1]} {
			if fd != shut[0] && fd != shut[1] {
				unix.Close(fd)
			}
		}
		h.unmap()
	})
	host = &link{in: &h.header.worker, out: &h.host, read: ring[0], ring: bell[1]}
	return host, &link{in: &h.host, out: &h.header.worker, read: bell[0], ring: ring[1]}
}

func TestLayout(t *testing.T) {
	h := reflect.TypeFor[header]()
	for i, want := range map[int]uintptr{0: 0, 2: 128, 4: 256} {
		if at := h.Field(i).Offset; at != want {
			t.Errorf("%s is at %d, want %d", h.Field(i).Name, at, want)
		}
	}
	if s := reflect.TypeFor[slot]().Size(); s != 64 || h.Size() > pageSize {
		t.Errorf("a slot has %d bytes, the header %d", s, h.Size())
	}
	if n := reflect.TypeFor[ruleset]().Size(); n != 24 {
		t.Errorf("a ruleset has %d bytes", n)
	}
}

// Every field arrives, whoever sleeps.
func TestFrames(t *testing.T) {
	host, worker := pair(t, &[2]int{})
	host.sent, worker.seen, worker.sent, host.seen = math.MaxUint32-5, math.MaxUint32-5, 7, 7 // the count goes round
	host.out.seq.Store(host.sent)
	worker.out.seq.Store(worker.sent)
	done := make(chan error)
	go func() {
		for range 20 {
			if err := worker.sleep(); err != nil {
				done <- err
				return
			}
			f := worker.receive()
			f.op++
			time.Sleep(time.Duration(f.n%3) * time.Millisecond)
			if err := worker.send(f); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range uint32(20) {
		f := frame{op: i, call: 2, arg: 3, key: 4, n: i, time: 1 << 40, fuel: 1 << 41, memory: 1 << 42, dropped: 8, replaced: 9}
		if err := host.send(f); err != nil {
			t.Fatal(err)
		}
		if ok, err := host.spin(hostSpin); !ok {
			if err == nil {
				err = host.sleep()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		f.op++
		if got := host.receive(); got != f {
			t.Errorf("got %+v, want %+v", got, f)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestLinkEnds(t *testing.T) {
	shut := [2]int{-1, -1}
	host, worker := pair(t, &shut)
	shut = [2]int{worker.ring, worker.read}
	go func() {
		time.Sleep(5 * time.Millisecond)
		unix.Close(worker.ring)
	}()
	if err := host.sleep(); !errors.Is(err, io.EOF) {
		t.Errorf("a dead peer: %v, want io.EOF", err)
	}
	if ok, err := host.spin(time.Millisecond); ok || err != nil {
		t.Errorf("nothing came: %v %v", ok, err)
	}
	worker.out.seq.Store(2)
	if _, err := host.spin(time.Millisecond); !errors.Is(err, errProtocol) {
		t.Errorf("a frame is missing: %v", err)
	}
	if err := host.sleep(); !errors.Is(err, errProtocol) {
		t.Errorf("a frame is missing: %v", err)
	}
	host.out.asleep.Store(1)
	for range 70_000 { // more than a pipe holds
		if err := host.wake(); err != nil {
			t.Fatal(err)
		}
	}
	unix.Close(worker.read)
	if err := host.send(frame{}); !errors.Is(err, io.EOF) {
		t.Errorf("to a dead peer: %v, want io.EOF", err)
	}
}

// No ring is lost, at whatever moment a side goes to sleep.
func TestNoRingIsLost(t *testing.T) {
	shut := [2]int{-1, -1}
	host, worker := pair(t, &shut)
	shut = [2]int{worker.ring, worker.read}
	const rounds = 100_000
	move := func(l *link, round int) error {
		for range round % 37 { // sleep falls on every moment of the peer's sending
			pause(1)
		}
		if err := l.sleep(); err != nil {
			return err
		}
		l.receive()
		return nil
	}
	done := make(chan error, 2)
	var at atomic.Int64
	go func() {
		var err error
		for i := 0; i < rounds && err == nil; i++ {
			err = errors.Join(move(worker, i*7), worker.send(frame{}))
		}
		done <- err
	}()
	go func() {
		var err error
		for i := 0; i < rounds && err == nil; i++ {
			at.Store(int64(i))
			err = errors.Join(host.send(frame{}), move(host, i))
		}
		done <- err
	}()
	for last, ended := int64(-1), 0; ended < 2; {
		select {
		case err := <-done:
			if ended++; err != nil {
				t.Error(err)
			}
		case <-time.After(10 * patient):
			if at.Load() == last {
				t.Fatalf("both sleep after %d rounds", last)
			}
			last = at.Load()
		}
	}
}
