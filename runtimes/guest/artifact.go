package guest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

// form is the version of an artifact's form. It MUST change with it.
const form = "1"

// cacheKey names what the code of a program depends on: the file, what it may use, the engine, the rewriting and its
// parameters. Code that is known was found good for these, and is not looked at again. It is hex behind "inline/".
func cacheKey(p runtimes.Program, e Engine) string {
	h := sha256.New()
	limits := binary.LittleEndian.AppendUint32(nil, pages(p.Limits.Memory))
	features := []byte{0}
	if p.RelaxedSIMD {
		features[0] = 1
	}
	for _, part := range [][]byte{p.Wasm, features, []byte(e.ID()), []byte(wasm.Version), []byte(form), limits} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return "inline/" + hex.EncodeToString(h.Sum(nil))
}

// An artifact is what the cache keeps: the metered module, and what the engine made of it.
type artifact struct {
	metered wasm.Metered
	code    []byte
}

// Its form is a byte that says whether the module is restorable, the number of its mutable globals and the length of the
// metered module, both u32 little-endian, the metered module, and the code.
const artifactHeader = 1 + 4 + 4

func (a artifact) bytes() []byte {
	out := make([]byte, 1, artifactHeader+len(a.metered.Wasm)+len(a.code))
	if a.metered.Restorable {
		out[0] = 1
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(a.metered.Globals)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(a.metered.Wasm)))
	return append(append(out, a.metered.Wasm...), a.code...)
}

var errArtifact = errors.New("no artifact")

// parseArtifact reads what bytes wrote. The cache vouches for the content; the form is checked all the same, so that a
// mistake is a new compilation and no more.
func parseArtifact(b []byte) (artifact, error) {
	if len(b) < artifactHeader || b[0] > 1 {
		return artifact{}, errArtifact
	}
	globals, size := binary.LittleEndian.Uint32(b[1:]), uint64(binary.LittleEndian.Uint32(b[5:]))
	restorable, b := b[0] == 1, b[artifactHeader:]
	if size >= uint64(len(b)) || globals > wasm.MaxEntries {
		return artifact{}, errArtifact
	}
	names := make([]string, globals)
	for i := range names {
		names[i] = wasm.GlobalName(i)
	}
	return artifact{wasm.Metered{Wasm: b[:size:size], Globals: names, Restorable: restorable}, b[size:]}, nil
}
