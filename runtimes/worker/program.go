package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A program travels in a memfd that nobody can write to any more. All workers of a plugin map the same one, so that its
// assets are in memory once. It is the host's word: a length of four bytes, a heading in JSON, and the bytes that the
// heading counts, one after the other.
type heading struct {
	Name           string
	WASI, Stateful bool
	RelaxedSIMD    bool
	Grants         abi.Grants
	Limits         runtimes.Limits
	Configured     bool // there is a configuration, even if it is empty
	Wasm, Config   int
	Assets         []int
}

const allSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL

// makeProgram returns a sealed memfd with what a worker must know of p. One worker has one instance.
func makeProgram(p runtimes.Program) (fd int, err error) {
	h := heading{
		Name: p.Name, WASI: p.WASI, Stateful: p.Stateful, RelaxedSIMD: p.RelaxedSIMD, Grants: p.Grants, Limits: p.Limits,
		Configured: p.Config != nil, Wasm: len(p.Wasm), Config: len(p.Config),
	}
	h.Limits.Instances = 1
	for _, a := range p.Assets {
		h.Assets = append(h.Assets, len(a))
	}
	head, err := json.Marshal(h)
	if err != nil {
		return -1, fmt.Errorf("writing the program's heading: %w", err)
	}
	parts := append([][]byte{binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head, p.Wasm, p.Config}, p.Assets...)
	return makeSealed("bulkhead-program", parts...)
}

// makeSealed returns a memfd of exactly these bytes, which stay as they are.
func makeSealed(name string, parts ...[]byte) (fd int, err error) {
	var size int64
	for _, p := range parts {
		size += int64(len(p))
	}
	return makeMemory(name, size, parts, allSeals)
}

// mapSealed maps what makeSealed made, for reading.
func mapSealed(fd int) ([]byte, error) {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	if s.Size == 0 {
		return nil, nil
	}
	b, err := unix.Mmap(fd, 0, int(s.Size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	return b, nil
}

var errProgram = errors.New("the program is damaged")

// parseProgram is the inverse of makeProgram. What it returns points into b. Host and Cache are for the caller to set.
func parseProgram(b []byte) (p runtimes.Program, err error) {
	if len(b) < 4 {
		return p, errProgram
	}
	cut := func(n int) (part []byte) {
		if n < 0 || n > len(b) {
			err, n = errProgram, 0
		}
		part, b = b[:n:n], b[n:]
		return part
	}
	size := int(binary.LittleEndian.Uint32(cut(4)))
	var h heading
	if head := cut(size); err == nil {
		err = json.Unmarshal(head, &h)
	}
	p = runtimes.Program{
		Name: h.Name, WASI: h.WASI, Stateful: h.Stateful, RelaxedSIMD: h.RelaxedSIMD, Grants: h.Grants, Limits: h.Limits, Wasm: cut(h.Wasm),
	}
	if config := cut(h.Config); h.Configured {
		p.Config = config
	}
	for _, n := range h.Assets {
		p.Assets = append(p.Assets, cut(n))
	}
	if err == nil && len(b) > 0 {
		err = errProgram
	}
	return p, err
}
