package checkpoint

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxExtra is the most extra data in a proof, in bytes.
const MaxExtra = 64 << 10

// MaxProof is the longest proof in bytes.
const MaxProof = MaxNote + MaxExtra*4/3 + 8<<10

const (
	proofHeader = "c2sp.org/tlog-proof@v1\n"
	extraStart  = "extra "
	indexStart  = "index "
	maxHashes   = 63 // the depth of a tree of MaxSize
)

// A Proof says that an entry is in a log: where, under which checkpoint, and the hashes on the way (c2sp.org/tlog-proof).
type Proof struct {
	Index      uint64 // of the entry, from 0
	Hashes     []tlog.Hash
	Checkpoint []byte // a signed note
	Extra      []byte // nothing proves it
}

// Marshal returns the proof's text.
func (p Proof) Marshal() []byte {
	out := make([]byte, 0, len(p.Checkpoint)+45*len(p.Hashes)+2*len(p.Extra)+64)
	out = append(out, proofHeader...)
	if len(p.Extra) > 0 {
		out = append(out, extraStart...)
		out = append(base64.StdEncoding.AppendEncode(out, p.Extra), '\n')
	}
	out = append(out, indexStart...)
	out = append(strconv.AppendUint(out, p.Index, 10), '\n')
	for _, h := range p.Hashes {
		out = append(base64.StdEncoding.AppendEncode(out, h[:]), '\n')
	}
	out = append(out, '\n')
	return append(out, p.Checkpoint...)
}

// ParseProof reads what Marshal gives, and nothing else. The checkpoint is not looked at.
func ParseProof(data []byte) (Proof, error) {
	var p Proof
	if len(data) > MaxProof {
		return p, fmt.Errorf("a proof has more than %d bytes", MaxProof)
	}
	rest, ok := bytes.CutPrefix(data, []byte(proofHeader))
	head, checkpoint, split := bytes.Cut(rest, []byte("\n\n"))
	if !ok || !split {
		return p, fmt.Errorf("a proof begins with %q and has an empty line before its checkpoint", strings.TrimSpace(proofHeader))
	}
	lines := strings.Split(string(head), "\n")
	var err error
	if extra, ok := strings.CutPrefix(lines[0], extraStart); ok {
		if p.Extra, err = base64.StdEncoding.DecodeString(extra); err != nil || len(p.Extra) > MaxExtra {
			return Proof{}, fmt.Errorf("the extra data of a proof is not the base64 of at most %d bytes", MaxExtra)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines)-1 > maxHashes {
		return Proof{}, fmt.Errorf("a proof has an index and at most %d hashes", maxHashes)
	}
	index, ok := strings.CutPrefix(lines[0], indexStart)
	if p.Index, err = strconv.ParseUint(index, 10, 63); err != nil || !ok {
		return Proof{}, fmt.Errorf("the index %.40q of a proof is no place in a log", lines[0])
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return Proof{}, fmt.Errorf("a hash of a proof is not the base64 of %d bytes", tlog.HashSize)
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	p.Checkpoint = bytes.Clone(checkpoint)
	if !bytes.Equal(p.Marshal(), data) {
		return Proof{}, errors.New("a proof is not spelled as the specification wants it")
	}
	return p, nil
}

// Check returns the head of p's checkpoint if the log signed that, and if entry is where p says in the tree of that head.
func (v *Verifier) Check(p Proof, entry []byte) (Head, error) {
	h, err := v.Open(p.Checkpoint)
	if err != nil {
		return Head{}, err
	}
	if p.Index >= h.Size {
		return Head{}, fmt.Errorf("the proof is of entry %d, and its checkpoint of %d entries", p.Index, h.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, int64(h.Size), h.Root, int64(p.Index), tlog.RecordHash(entry)); err != nil {
		return Head{}, fmt.Errorf("the entry is not in the log under this checkpoint: %w", err)
	}
	return h, nil
}
