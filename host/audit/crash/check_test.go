package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
)

// errReported wraps what the log itself says of its state. An error without it is one that only this suite sees: a loss in
// silence.
var errReported = errors.New("the log says")

// check is the next start: it opens the log as a host would, and holds all that is there then against what was promised.
// It reads the files by itself.
func check(j job, acked acks) error { return checkAll(j, acked, acked) }

// checkAll is check for a listener who heard more than had been said when the disaster came: promised is what must be there.
func checkAll(j job, promised, acked acks) error {
	l, err := openLog(j)
	if err != nil {
		return fmt.Errorf("%w: opening again: %w", errReported, err)
	}
	if err := l.Close(); err != nil {
		return fmt.Errorf("%w: closing again: %w", errReported, err)
	}
	if err := verifyLog(j); err != nil {
		return fmt.Errorf("%w: verifying: %w", errReported, err)
	}
	k, err := read(j.Dir)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	return errors.Join(k.has(promised), k.extras(acked), k.results(), k.pruned(promised), k.signed(j), k.tiles())
}

// has looks for what was acknowledged.
func (k *kept) has(acked acks) error {
	for index, hash := range acked {
		switch at := index - k.first; {
		case index < k.first: // pruned
		case at >= uint64(len(k.entries)):
			return fmt.Errorf("acknowledged entry %d is lost: there are %d", index, k.size())
		case k.entries[at].hash != hash:
			return fmt.Errorf("acknowledged entry %d is another one now", index)
		}
	}
	return nil
}

// pruned looks for the entry about what is missing at the beginning: it must name the hash that was acknowledged.
func (k *kept) pruned(acked acks) error {
	if k.first == 0 {
		return nil
	}
	for i := len(k.entries) - 1; i >= 0; i-- {
		e := k.entries[i]
		if e.Event != gate.AuditPrune {
			continue
		}
		var p audit.Pruned
		if err := json.Unmarshal(e.Detail, &p); err != nil {
			return err
		}
		if p.Size < k.first {
			break
		}
		if hash, ok := acked[p.Size-1]; ok && hash != p.Hash {
			return fmt.Errorf("the last pruned entry %d had hash %s, not %s", p.Size-1, hash, p.Hash)
		}
		if e.Signature == "" {
			return fmt.Errorf("entry %d about a pruning is not signed", k.first+uint64(i))
		}
		return nil
	}
	return fmt.Errorf("the log begins with entry %d, and no entry says why", k.first)
}

// signed checks the last seal, and that the published checkpoint is that of the closed log.
func (k *kept) signed(j job) error {
	if k.size() == 0 { // killed before its first entry
		return nil
	}
	v := j.signer.Verifier()
	if !v.Seal(k.last, k.sig) {
		return fmt.Errorf("the last seal is not signed")
	}
	note, err := os.ReadFile(filepath.Join(j.Dir, audit.CheckpointName))
	if err != nil {
		return err
	}
	head, err := v.Open(note)
	if err == nil && head != k.last {
		err = fmt.Errorf("the published checkpoint is of size %d, the last seal of %d", head.Size, k.last.Size)
	}
	return err
}

// extras counts what nobody acknowledged: of each producer, at most the entry on which it was waiting at the end.
func (k *kept) extras(acked acks) error {
	waiting := map[string]int{}
	for i, e := range k.entries {
		name := e.Call
		if e.Action == "test" {
			name = e.Resource
		}
		life, rest, ours := strings.Cut(name, "/")
		producer, _, _ := strings.Cut(rest, "/")
		index := k.first + uint64(i)
		if _, said := acked[index]; said || !ours || e.Outcome == gate.Partial {
			continue
		}
		who := life + "/" + producer
		if waiting[who]++; waiting[who] > 1 {
			return fmt.Errorf("entry %d is the second of producer %s that nobody acknowledged", index, who)
		}
	}
	return nil
}

// results looks for the one result of each decision.
func (k *kept) results() error {
	open := map[string]int{}
	for i, e := range k.entries {
		index := k.first + uint64(i)
		switch {
		case e.Kind == gate.KindDecision:
			open[e.Call]++
		case e.Kind == gate.KindResult && open[e.Call] == 0 && k.first == 0:
			return fmt.Errorf("entry %d is a result without a decision", index)
		case e.Kind == gate.KindResult:
			open[e.Call]--
		}
	}
	for call, n := range open {
		if n > 0 {
			return fmt.Errorf("the decision on call %s has no result", call)
		}
	}
	return nil
}

// clean reports whether a log was never repaired.
func clean(j job) bool {
	torn, err := filepath.Glob(filepath.Join(j.Dir, "torn-*"))
	return err == nil && len(torn) == 0
}
