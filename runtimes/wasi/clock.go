package wasi

import (
	"encoding/binary"
	"time"
)

// step is the resolution of all clocks: finer ones help a guest to time its neighbours.
const step = time.Millisecond

const (
	realtime  = 0
	monotonic = 1
)

// now reads a clock in nanoseconds. The monotonic clock starts at one step, because a language runtime may take zero
// for a broken clock (Go does).
func (s *System) now(clock uint32) (uint64, errno) {
	switch clock {
	case realtime:
		return coarse(time.Duration(time.Now().UnixNano())), success
	case monotonic:
		return coarse(time.Since(s.epoch) + step), success
	}
	return 0, inval
}

func coarse(d time.Duration) uint64 { return uint64(max(d, 0).Truncate(step)) }

func (s *System) clockTime(g Guest, p []uint64) errno {
	now, e := s.now(uint32(p[0]))
	if e != success {
		return e
	}
	return put64(g, uint32(p[2]), now)
}

func clockRes(g Guest, p []uint64) errno {
	if clock := uint32(p[0]); clock != realtime && clock != monotonic {
		return inval
	}
	return put64(g, uint32(p[1]), uint64(step))
}

func put64(g Guest, address uint32, n uint64) errno {
	w, ok := g.Window(address, 8)
	if !ok {
		return fault
	}
	binary.LittleEndian.PutUint64(w, n)
	return success
}
