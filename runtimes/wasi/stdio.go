package wasi

import (
	"bytes"
	"context"
	"encoding/binary"

	"bulkhead/abi"
)

const (
	stdout = 1
	stderr = 2

	maxVectors = 1024     // of one fd_write
	stdioQuota = 64 << 10 // bytes of one call, both streams together
	lineCost   = 100 * 64 // bytes that cost as much as a line: what a host function costs
)

// Stdio is the standard output and error of one call: lines that wait for their end, and how much was written. Its zero
// value is ready.
type Stdio struct {
	out, err []byte
	written  int
}

func (s *Stdio) stream(fd uint32) (*[]byte, abi.Level) {
	if fd == stdout {
		return &s.out, abi.LevelInfo
	}
	return &s.err, abi.LevelWarn
}

// Flush logs what has no newline yet. The owner calls it when the call ends, however it ends.
func (s *Stdio) Flush(g Guest) {
	for _, fd := range [...]uint32{stdout, stderr} {
		if line, level := s.stream(fd); len(*line) > 0 {
			g.Log(level, *line)
			*line = (*line)[:0]
		}
	}
}

// fdWrite takes at most MaxChunk bytes, as write may, and cuts them into lines. Past the quota it drops and counts them,
// and lies to the guest that they were written: a runtime that cannot print must not spin.
func fdWrite(_ context.Context, g Guest, stack []uint64) error {
	stack[0] = uint64(writeVectors(g, uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3])))
	return nil
}

func writeVectors(g Guest, fd, address, count, written uint32) errno {
	if fd != stdout && fd != stderr {
		return badf
	}
	if count > maxVectors {
		return inval
	}
	vectors, ok := g.Window(address, count*8)
	answer, ok2 := g.Window(written, 4)
	if !ok || !ok2 || !reachable(g, vectors) {
		return fault
	}
	var sum int
	for ; len(vectors) > 0; vectors = vectors[8:] {
		w := vector(g, vectors)
		w = w[:min(len(w), MaxChunk-sum)]
		if sum += len(w); g.Pay(len(w)) != nil {
			return inval
		}
		g.Stdio().write(g, fd, w)
	}
	binary.LittleEndian.PutUint32(answer, uint32(sum))
	return success
}

func reachable(g Guest, vectors []byte) bool {
	for ; len(vectors) > 0; vectors = vectors[8:] {
		if _, ok := g.Window(binary.LittleEndian.Uint32(vectors), binary.LittleEndian.Uint32(vectors[4:])); !ok {
			return false
		}
	}
	return true
}

func vector(g Guest, v []byte) []byte {
	w, _ := g.Window(binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:]))
	return w
}

func (s *Stdio) write(g Guest, fd uint32, b []byte) {
	line, level := s.stream(fd)
	for len(b) > 0 {
		part, rest, ended := bytes.Cut(b, []byte{'\n'})
		b = rest
		s.written += len(part) + 1
		if s.written > stdioQuota {
			g.Drop()
			continue
		}
		*line = append(*line, part[:min(len(part), abi.MaxLogLine-len(*line))]...)
		if ended && g.Pay(lineCost) != nil {
			return
		}
		if ended {
			g.Log(level, *line)
			*line = (*line)[:0]
		}
	}
}
