package worker

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"bulkhead/runtimes"
)

// key names what the code of p, compiled in a worker, depends on. It is hex behind "worker/", so that it is never taken
// for code that the host compiled itself: a worker may have lied about it, and only workers of the same module run it.
func (b *Backend) key(p runtimes.Program) (string, error) {
	program, err := b.program.sum()
	if err != nil {
		return "", fmt.Errorf("reading the worker's executable: %w", err)
	}
	module := sha256.Sum256(p.Wasm)
	memory, features := binary.LittleEndian.AppendUint64(nil, p.Limits.Memory), []byte{0}
	if p.RelaxedSIMD {
		features[0] = 1
	}
	h := sha256.New()
	for _, part := range [][]byte{program, []byte(b.engine), module[:], features, memory} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return "worker/" + hex.EncodeToString(h.Sum(nil)), nil
}
