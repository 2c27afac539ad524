package crash

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/host/gate"
)

// check is the next start: it opens the log as a host would, and holds all that is there then against what was promised.
// It reads the files by itself.
func check(j job, acked acks) error { return checkAll(j, acked, acked) }

// checkAll is check for a listener who heard more than had been said when the disaster came: promised is what must be there.
func checkAll(j job, promised, acked acks) error {
	l, err := openLog(j)
	if err != nil {
		return fmt.Errorf("opening again: %w", err)
	}
	if err := l.Close(); err != nil {
		return fmt.Errorf("closing again: %w", err)
	}
	if err := verifyLog(j); err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	k, err := read(j.Dir)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	if err := k.has(promised); err != nil {
		return err
	}
	if err := k.extras(acked); err != nil {
		return err
	}
	return k.results()
}

// kept is what a log's files hold.
type kept struct {
	first   uint64 // index of the first entry
	entries []keptEntry
}

type keptEntry struct {
	hash string
	gate.Entry
}

const none = "0000000000000000000000000000000000000000000000000000000000000000"

// read reads a folder's segments, in order.
func read(dir string) (*kept, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no log in %s: %w", dir, err)
	}
	k := &kept{}
	for _, file := range files { // sorted
		if err := k.segment(file, file == files[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return k, nil
}

func (k *kept) segment(file string, first bool) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var index uint64
	if n, _ := fmt.Sscanf(filepath.Base(file), "%d.log", &index); n == 1 {
		if first {
			k.first = index
		}
		if k.first+uint64(len(k.entries)) != index {
			return fmt.Errorf("begins after entry %d", k.first+uint64(len(k.entries)))
		}
	}
	in := bufio.NewScanner(bytes.NewReader(data))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "seal ") {
			continue
		}
		if err := k.line(in.Text()); err != nil {
			return fmt.Errorf("entry %d: %w", k.first+uint64(len(k.entries)), err)
		}
	}
	return in.Err()
}

func (k *kept) line(text string) error {
	hash, body, _ := strings.Cut(text, " ")
	sum := sha256.Sum256([]byte(body))
	if hex.EncodeToString(sum[:]) != hash {
		return fmt.Errorf("its hash is not %s", hash)
	}
	e := keptEntry{hash: hash}
	if err := json.Unmarshal([]byte(body), &e.Entry); err != nil {
		return err
	}
	previous := none
	if n := len(k.entries); n > 0 {
		previous = k.entries[n-1].hash
	}
	if e.PreviousHash != previous && (len(k.entries) > 0 || k.first == 0) {
		return fmt.Errorf("it does not follow the one before")
	}
	k.entries = append(k.entries, e)
	return nil
}

// has looks for what was acknowledged.
func (k *kept) has(acked acks) error {
	for index, hash := range acked {
		switch at := index - k.first; {
		case index < k.first:
			// Pruned.
		case at >= uint64(len(k.entries)):
			return fmt.Errorf("acknowledged entry %d is lost: there are %d", index, k.first+uint64(len(k.entries)))
		case k.entries[at].hash != hash:
			return fmt.Errorf("acknowledged entry %d is another one now", index)
		}
	}
	return nil
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
	torn, err := filepath.Glob(filepath.Join(j.Dir, "*torn-*"))
	return err == nil && len(torn) == 0
}
