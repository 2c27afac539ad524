package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bulkhead/host/keys"
)

// typeCosignature is the type of an Ed25519 cosignature.
const typeCosignature = "\x04"

// A Witness checks the cosignatures of one witness (c2sp.org/tlog-cosignature): somebody who has seen that every head of a
// log contains the one before. It is immutable and safe for concurrent use.
type Witness struct {
	name             string
	ed25519, mldsa44 *line
}

// NewWitness returns the witness with this key.
func NewWitness(key *keys.WitnessPublic) *Witness {
	name := "bulkhead/witness/" + key.Name + "/" + key.KeyID[:16]
	return &Witness{
		name: name, mldsa44: mldsa44Line(name, key.MLDSA44),
		ed25519: newLine("Ed25519 cosignature", name, typeCosignature, key.Ed25519, func(text, sig []byte) bool {
			if len(sig) != timestampSize+ed25519.SignatureSize {
				return false
			}
			at := binary.BigEndian.Uint64(sig)
			return at <= MaxSize && ed25519.Verify(key.Ed25519, timed(text, at), sig[timestampSize:])
		}),
	}
}

// Name is the witness's name in its lines: bulkhead/witness/, its key's name, and the first 16 digits of the key id.
func (w *Witness) Name() string { return w.name }

// Keys returns the verifier keys of both kinds of cosignature, for other tools.
func (w *Witness) Keys() (ed25519, mldsa44 string) { return w.ed25519.vkey(), w.mldsa44.vkey() }

// timed is the message that an Ed25519 cosignature signs.
func timed(text []byte, at uint64) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// A NotCosignedError says that a checkpoint lacks the cosignatures of a witness.
type NotCosignedError struct{ Witness, Lacks string }

// Error names the witness.
func (e *NotCosignedError) Error() string {
	return fmt.Sprintf("the witness %s has not cosigned the checkpoint: there is no %s line of its", e.Witness, e.Lacks)
}

// Cosigned is Open of a checkpoint that every one of some witnesses must have cosigned, with both of its keys at the same
// time. It returns those times.
func (v *Verifier) Cosigned(checkpoint []byte, witnesses ...*Witness) (Head, []time.Time, error) {
	h, err := v.Open(checkpoint)
	if err != nil {
		return Head{}, nil, err
	}
	text := h.Text()
	var times []time.Time
	for _, w := range witnesses {
		at, err := w.check([]byte(text), checkpoint[len(text)+1:])
		if err != nil {
			return Head{}, nil, err
		}
		times = append(times, at)
	}
	return h, times, nil
}

// check finds both lines of the witness, each once, and verifies them.
func (w *Witness) check(text, lines []byte) (time.Time, error) {
	times := map[*line]uint64{}
	for raw := range bytes.Lines(lines) {
		l := w.of(raw)
		if l == nil {
			continue
		}
		sig, _ := signature(raw)
		if _, twice := times[l]; twice || !bytes.Equal(l.append(nil, sig), raw) || !l.verify(text, sig) {
			return time.Time{}, fmt.Errorf("the %s line of the witness %s is not one that it made", l.what, w.name)
		}
		times[l] = binary.BigEndian.Uint64(sig)
	}
	for _, l := range []*line{w.ed25519, w.mldsa44} {
		if _, ok := times[l]; !ok {
			return time.Time{}, &NotCosignedError{w.name, l.what}
		}
	}
	if times[w.ed25519] != times[w.mldsa44] {
		return time.Time{}, fmt.Errorf("the two lines of the witness %s are of different times", w.name)
	}
	return time.Unix(int64(times[w.ed25519]), 0).UTC(), nil
}

// of returns the key that a signature line is of, nil if it is none of the witness's.
func (w *Witness) of(text []byte) *line { return find(text, w.ed25519, w.mldsa44) }

// A Cosigner makes the cosignatures of one witness. It is immutable and safe for concurrent use. Whoever holds it MUST
// have seen that the head contains every head of that log that was cosigned before, and MUST remember it: nothing here
// does.
type Cosigner struct {
	key     *keys.WitnessKey
	witness *Witness
}

// NewCosigner returns the cosigner with this key.
func NewCosigner(key *keys.WitnessKey) *Cosigner { return &Cosigner{key, NewWitness(key.Public())} }

// Witness returns the witness whose cosignatures c makes.
func (c *Cosigner) Witness() *Witness { return c.witness }

// Cosign adds both cosignatures to a checkpoint that the log's verifier opens. Those that the witness made before go.
func (c *Cosigner) Cosign(log *Verifier, checkpoint []byte, now time.Time) ([]byte, error) {
	h, err := log.Open(checkpoint)
	if err != nil {
		return nil, err
	}
	if now.Unix() <= 0 {
		return nil, fmt.Errorf("cosigning a checkpoint: the time is %v", now)
	}
	at := uint64(now.Unix())
	text := h.Text()
	out := []byte(text + "\n")
	for raw := range bytes.Lines(checkpoint[len(out):]) {
		if c.witness.of(raw) == nil {
			out = append(out, raw...)
		}
	}
	stamp := binary.BigEndian.AppendUint64(nil, at)
	out = c.witness.ed25519.append(out, append(bytes.Clone(stamp), ed25519.Sign(c.key.Ed25519, timed([]byte(text), at))...))
	sig, err := c.key.MLDSA44.Sign(nil, cosigned(c.witness.name, h, at), nil)
	if err != nil {
		return nil, fmt.Errorf("cosigning a checkpoint: signing with ML-DSA-44: %w", err)
	}
	if out = c.witness.mldsa44.append(out, append(stamp, sig...)); len(out) > MaxNote {
		return nil, errors.New("cosigning a checkpoint: it has too many lines")
	}
	return out, nil
}

// Published returns the time in the log's own ML-DSA-44 line of a checkpoint that Open has checked; ok is false if there
// is none.
func (v *Verifier) Published(checkpoint []byte) (at time.Time, ok bool) {
	for raw := range bytes.Lines(checkpoint) {
		if v.of(raw) != v.mldsa44 {
			continue
		}
		if sig, _ := signature(raw); len(sig) > timestampSize {
			return time.Unix(int64(binary.BigEndian.Uint64(sig)), 0).UTC(), true
		}
	}
	return time.Time{}, false
}
