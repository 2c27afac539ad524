package audit

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/host/gate"
)

// Recovery: what a crash may leave behind, and nothing else, is repaired. A crash tears the last write, which no sender
// was told about. The end of the file is then
//
//   - a last line that is incomplete or does not have its hash, or
//   - a line with zero bytes where blocks never reached the device, and whatever stands after it,
//
// and at most maxBatch bytes long. That is cut, kept aside as audit.torn-INDEX and reported by an entry. Any other damage
// is somebody's doing, and the log is refused: cutting it would destroy the evidence and good entries with it.

// maxOpen bounds the decisions without result that a log may have at one time. Far more calls than that cannot run.
const maxOpen = 1 << 20

// errTorn ends a scan at a line that a crash explains.
var errTorn = errors.New("torn")

// recoverLog reads the log, repairs it, and returns a writer that goes on behind it.
func recoverLog(c Config, f file) (*writer, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s := &scan{file: f, size: info.Size(), chain: newChain(), open: map[string]decision{}}
	torn := ""
	if err = s.run(); errors.Is(err, errTorn) {
		torn, err = s.cut(c.Dir)
	}
	if err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil { // entries of a killed process may be in memory only
		return nil, err
	}
	if err := syncDir(c.Dir); err != nil {
		return nil, err
	}
	w := &writer{file: f, now: c.Now, dev: c.Development, chain: s.chain, size: s.good, failed: make(chan struct{})}
	if s.chain.size > 0 {
		if w.time, err = time.Parse(timestamp, s.chain.time); err != nil {
			return nil, err
		}
	}
	w.publish()
	return w, w.settle(c, s, torn)
}

// settle writes what the last process could not: that the log was torn, and which decisions have no result.
func (w *writer) settle(c Config, s *scan, torn string) error {
	if torn != "" {
		if err := w.encode(newRequest(tornEntry(c, torn, s.size-s.good))); err != nil {
			return err
		}
	}
	for _, d := range s.pending() {
		e, err := s.decisionAt(d.offset)
		if err != nil {
			return err
		}
		for range d.count {
			if err := w.encode(newRequest(partialEntry(c, e))); err != nil {
				return fmt.Errorf("closing the decision on call %s: %w", e.Call, err)
			}
			if w.full() {
				w.commit()
			}
		}
	}
	w.commit()
	return w.failure()
}

func tornEntry(c Config, name string, size int64) gate.Entry {
	var trace [16]byte
	rand.Read(trace[:]) // never fails (crypto/rand)
	return gate.Entry{
		Actor: "system/host", Action: "audit/recover", Resource: name, Outcome: gate.Success, Kind: gate.KindHost,
		TraceID: hex.EncodeToString(trace[:]), Development: c.Development,
		Reason: fmt.Sprintf("a torn tail of %d bytes was cut and kept aside", size),
	}
}

func partialEntry(c Config, e gate.Entry) gate.Entry {
	return gate.Entry{
		Actor: e.Actor, Action: e.Action, Resource: e.Resource, Outcome: gate.Partial, Kind: gate.KindResult,
		TraceID: e.TraceID, Call: e.Call, Request: e.Request, Development: c.Development,
		Reason: "the host ended before the call did",
	}
}

// cut keeps the torn tail aside and takes it off the log, in this order, and returns the name of what was kept.
func (s *scan) cut(dir string) (string, error) {
	tail := make([]byte, s.size-s.good)
	if _, err := s.file.ReadAt(tail, s.good); err != nil && err != io.EOF {
		return "", err
	}
	name, err := keep(dir, s.chain.size, tail)
	if err != nil {
		return "", fmt.Errorf("keeping the torn tail aside: %w", err)
	}
	if err := s.file.Truncate(s.good); err != nil {
		return "", fmt.Errorf("cutting the torn tail: %w", err)
	}
	return name, nil
}

// maxKept is how many torn tails of one index are kept: each start that fails between keeping and cutting adds one.
const maxKept = 100

func keep(dir string, index uint64, tail []byte) (string, error) {
	for i := range maxKept {
		name := fmt.Sprintf("audit.torn-%d", index)
		if i > 0 {
			name = fmt.Sprintf("%s.%d", name, i)
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if err := writeSynced(f, tail); err != nil {
			return "", err
		}
		return name, syncDir(dir)
	}
	return "", fmt.Errorf("there are %d of entry %d already", maxKept, index)
}
