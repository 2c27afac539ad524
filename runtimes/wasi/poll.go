package wasi

import (
	"context"
	"encoding/binary"
	"math"
	"time"
)

const (
	maxSubscriptions = 64
	subscriptionSize = 48
	eventSize        = 32

	clockEvent    = 0
	lastEventType = 2 // fd_read is 1, fd_write 2
	absolute      = 1 // flag of a clock subscription
)

// pollOneoff sleeps until the first clock subscription is due, or ctx is done. A subscription to a descriptor is ready
// at once, with EBADF. There are at most 64 of them.
func (s *System) pollOneoff(ctx context.Context, g Guest, stack []uint64) error {
	in, out, n, count := uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3])
	if n == 0 || n > maxSubscriptions {
		stack[0] = uint64(inval)
		return nil
	}
	w, ok := g.Window(in, n*subscriptionSize)
	events, ok2 := g.Window(out, n*eventSize)
	answer, ok3 := g.Window(count, 4)
	if !ok || !ok2 || !ok3 {
		stack[0] = uint64(fault)
		return nil
	}
	subscriptions, e := s.subscriptions(w) // read before events are written: the guest may have them overlap
	if e != success {
		stack[0] = uint64(e)
		return nil
	}
	first := earliest(subscriptions)
	if err := sleep(ctx, first); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(answer, report(events, subscriptions, first))
	stack[0] = uint64(success)
	return nil
}

type subscription struct {
	userdata uint64
	kind     byte
	wait     time.Duration // 0: ready
}

func (s *System) subscriptions(w []byte) ([]subscription, errno) {
	var all []subscription
	for ; len(w) > 0; w = w[subscriptionSize:] {
		sub := subscription{userdata: binary.LittleEndian.Uint64(w), kind: w[8]}
		if sub.kind > lastEventType {
			return nil, inval
		}
		if sub.kind == clockEvent {
			now, e := s.now(binary.LittleEndian.Uint32(w[16:]))
			if e != success {
				return nil, e
			}
			sub.wait = wait(now, binary.LittleEndian.Uint64(w[24:]), binary.LittleEndian.Uint16(w[40:]))
		}
		all = append(all, sub)
	}
	return all, success
}

func wait(now, timeout uint64, flags uint16) time.Duration {
	if flags&absolute != 0 {
		timeout -= min(now, timeout)
	}
	return time.Duration(min(timeout, math.MaxInt64))
}

func earliest(all []subscription) time.Duration {
	first := all[0].wait
	for _, s := range all {
		first = min(first, s.wait)
	}
	return first
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// report writes an event for each subscription that is due after first, and returns how many.
func report(events []byte, all []subscription, first time.Duration) (n uint32) {
	for _, s := range all {
		if s.wait > first {
			continue
		}
		event := events[n*eventSize:][:eventSize]
		clear(event)
		binary.LittleEndian.PutUint64(event, s.userdata)
		if event[10] = s.kind; s.kind != clockEvent {
			binary.LittleEndian.PutUint16(event[8:], uint16(badf))
		}
		n++
	}
	return n
}
