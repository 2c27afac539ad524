package worker

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// A link carries frames. It is half-duplex: at any moment one side may send, the other waits. Who waits spins a little
// and then sleeps in a blocking read of a pipe, its bell, whose end is the news that the peer is dead. The runtime's
// poller would wake a reader late beside goroutines that compute: 20 ms at the 99th percentile.
type link struct {
	in, out    *slot
	read, ring int // the own bell, blocking; the peer's, not blocking
	seen, sent uint32
	token      [64]byte
}

// How long a side spins. Who waits for an answer has nothing better to do; a worker must not hold a processor. Long spins
// on both sides are worst when both sit on one processor.
const (
	hostSpin   = 40 * time.Microsecond
	workerSpin = 5 * time.Microsecond
)

// errProtocol is a peer that does what no honest one would.
var errProtocol = errors.New("broke the protocol")

func brokenf(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, a...))
}

// A frame is a message, but for the bytes in an area that belong to it.
type frame struct {
	op           uint32
	call         uint32 // the call it belongs to; 0 while loading
	arg          uint32 // capability, errno, failure
	key          uint32 // slot of a capability
	n            uint32 // bytes in the area
	time         uint64 // ns that are left; bytes of code
	fuel, memory uint64 // what a call used
	dropped      uint32 // what happened since the last answer
	replaced     uint32
}

// send hands a frame over and wakes the peer if it sleeps.
func (l *link) send(f frame) error {
	o := l.out
	o.op.Store(f.op)
	o.call.Store(f.call)
	o.arg.Store(f.arg)
	o.key.Store(f.key)
	o.n.Store(f.n)
	o.time.Store(f.time)
	o.fuel.Store(f.fuel)
	o.memory.Store(f.memory)
	o.dropped.Store(f.dropped)
	o.replaced.Store(f.replaced)
	l.sent++
	o.seq.Swap(l.sent)        // a store would do, if the race detector's were as strong as the language's
	if o.asleep.Load() == 0 { // the reader raises asleep before it looks at seq once more
		return nil
	}
	return l.wake()
}

func (l *link) wake() error {
	for {
		_, err := syscall.Write(l.ring, l.token[:1])
		switch err {
		case nil, syscall.EAGAIN: // full: the peer has rings enough
			return nil
		case syscall.EINTR:
		case syscall.EPIPE:
			return io.EOF
		default:
			return err
		}
	}
}

// arrived reports whether the next frame is there.
func (l *link) arrived() (bool, error) {
	switch seq := l.in.seq.Load(); seq {
	case l.seen + 1:
		return true, nil
	case l.seen:
		return false, nil
	default:
		return false, brokenf("frame %d after frame %d", seq, l.seen)
	}
}

// spin waits for the next frame a little, and reports whether it is there.
func (l *link) spin(most time.Duration) (bool, error) {
	if ok, err := l.arrived(); ok || err != nil {
		return ok, err
	}
	for began := time.Now(); time.Since(began) < most; {
		for range 8 {
			pause(8)
			if ok, err := l.arrived(); ok || err != nil {
				return ok, err
			}
		}
	}
	return false, nil
}

// maxRings is how often the bell may ring for nothing in one wait. An honest peer's ring for its last frame can come late,
// and no other.
const maxRings = 8

// sleep waits for the next frame until it is there, or the peer is dead: io.EOF.
func (l *link) sleep() error {
	defer l.in.asleep.Store(0)
	for range maxRings {
		l.in.asleep.Swap(1)
		if ok, err := l.arrived(); ok || err != nil {
			return err
		}
		if err := l.listen(); err != nil {
			return err
		}
	}
	if ok, err := l.arrived(); ok || err != nil {
		return err
	}
	return brokenf("%d rings for nothing", maxRings)
}

// listen sleeps until the bell rings.
func (l *link) listen() error {
	for {
		n, err := syscall.Read(l.read, l.token[:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return err
		case n == 0:
			return io.EOF
		default:
			return nil
		}
	}
}

// receive takes the frame that has arrived. Every field is read once.
func (l *link) receive() frame {
	l.seen++
	i := l.in
	return frame{
		op: i.op.Load(), call: i.call.Load(), arg: i.arg.Load(), key: i.key.Load(), n: i.n.Load(), time: i.time.Load(),
		fuel: i.fuel.Load(), memory: i.memory.Load(), dropped: i.dropped.Load(), replaced: i.replaced.Load(),
	}
}
