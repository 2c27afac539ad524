package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
	"bulkhead/host/strictjson"
)

// A seen is the last head of one log that a witness cosigned.
type seen struct {
	Origin     string `json:"origin"`
	Key        string `json:"key"` // id of the log's
	Size       uint64 `json:"size"`
	Root       []byte `json:"root"`
	Time       int64  `json:"time"`       // of the cosignature, in seconds since 1970
	Checkpoint string `json:"checkpoint"` // the note, as evidence
}

func (s seen) head() checkpoint.Head {
	return checkpoint.Head{Origin: s.Origin, Size: s.Size, Root: [32]byte(s.Root)}
}

// file is a witness's memory on disk.
type file struct {
	Type string `json:"type"`
	Logs []seen `json:"logs"`
}

const (
	typeState = "bulkhead/witness-state/v1"
	maxLogs   = 1024
	maxState  = 64 << 20
)

// A State is what one witness has seen of every log. It is one process's at a time.
type State struct {
	root *os.Root
	name string
	lock *os.File
	logs []seen
}

// Open opens the state file at path, or begins a new one. The file must be nobody else's. The caller closes it.
func Open(path string) (*State, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("opening the witness's state: %w", err)
	}
	s := &State{root: root, name: filepath.Base(path)}
	s.lock, err = root.OpenFile(s.name+".lock", os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		err = safefile.Lock(s.lock)
	}
	if err == nil {
		err = s.load()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the witness's state %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *State) load() error {
	data, info, err := safefile.Read(s.root, s.name, maxState)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = safefile.Private(s.name, info)
	}
	if err != nil {
		return err
	}
	var f file
	if err := strictjson.Decode(data, &f); err != nil {
		return err
	}
	if f.Type != typeState || len(f.Logs) > maxLogs {
		return fmt.Errorf("it is no %s of at most %d logs", typeState, maxLogs)
	}
	for i, l := range f.Logs {
		again := slices.ContainsFunc(f.Logs[:i], func(o seen) bool { return o.Origin == l.Origin })
		if len(l.Root) != len(checkpoint.Head{}.Root) || l.Size > checkpoint.MaxSize || again || checkpoint.CheckOrigin(l.Origin) != nil ||
			!strings.HasPrefix(l.Checkpoint, l.head().Text()+"\n") {
			return fmt.Errorf("what it says of log %d is damaged", i)
		}
	}
	s.logs = f.Logs
	return nil
}

// Close lets another process have the state.
func (s *State) Close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close()
	}
	return errors.Join(err, s.root.Close())
}

// last returns what was seen of a log.
func (s *State) last(origin string) (seen, bool) {
	i := slices.IndexFunc(s.logs, func(l seen) bool { return l.Origin == origin })
	if i < 0 {
		return seen{}, false
	}
	return s.logs[i], true
}

// signedBy returns the origin of the log that a key signs, "" if none is known.
func (s *State) signedBy(key string) string {
	i := slices.IndexFunc(s.logs, func(l seen) bool { return l.Key == key })
	if i < 0 {
		return ""
	}
	return s.logs[i].Origin
}

// remember makes what was seen of a log durable.
func (s *State) remember(now seen) error {
	logs := slices.DeleteFunc(slices.Clone(s.logs), func(l seen) bool { return l.Origin == now.Origin })
	if len(logs) >= maxLogs {
		return fmt.Errorf("a witness follows at most %d logs", maxLogs)
	}
	logs = append(logs, now)
	data, err := json.MarshalIndent(file{typeState, logs}, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the witness's state: %w", err)
	}
	if err := safefile.Replace(s.root, s.name, append(data, '\n')); err != nil {
		return fmt.Errorf("saving the witness's state: %w", err)
	}
	s.logs = logs
	return nil
}

// Cosign adds the witness's cosignatures to a checkpoint of a log, if it follows everything that was seen of that log, and
// remembers it first. Of a log that is new to the witness the tiles must be the checkpoint's. The error is or wraps one of
// this package, an *Evidence among them, or says what could not be read or written.
func (s *State) Cosign(c *checkpoint.Cosigner, log *checkpoint.Verifier, note []byte, tiles Tiles, now time.Time) ([]byte, error) {
	h, err := log.Open(note)
	if err != nil {
		return nil, err
	}
	key := log.Key().KeyID
	last, known := s.last(h.Origin)
	switch other := s.signedBy(key); {
	case known && last.Key != key:
		err = fmt.Errorf("%w: %s was signed by the key %.16s before", ErrOrigin, h.Origin, last.Key)
	case known:
		err = last.followed(log, h, note, tiles, now)
	case other != "": // a new name must not make a known log a new one
		err = fmt.Errorf("%w: its key has signed %s before", ErrOrigin, other)
	default:
		err = Holds(h, tiles)
	}
	if err != nil {
		return nil, err
	}
	cosigned, err := c.Cosign(log, note, now)
	if err != nil {
		return nil, err
	}
	if err := s.remember(seen{h.Origin, key, h.Size, h.Root[:], now.Unix(), string(note)}); err != nil {
		return nil, err
	}
	return cosigned, nil
}

// followed makes sure that a head comes after the last one, in its tree and in time.
func (l seen) followed(log *checkpoint.Verifier, h checkpoint.Head, note []byte, tiles Tiles, now time.Time) error {
	if err := Follows(l.head(), h, tiles); err != nil {
		if errors.Is(err, ErrFork) {
			return &Evidence{Origin: h.Origin, First: l.Checkpoint, Second: string(note), cause: err}
		}
		return err
	}
	if now.Unix() < l.Time {
		return fmt.Errorf("%w: this clock says %v, and the last cosignature was at %v", ErrOlder, now.UTC(), time.Unix(l.Time, 0).UTC())
	}
	before, had := log.Published([]byte(l.Checkpoint))
	if at, has := log.Published(note); had && (!has || at.Before(before)) {
		return fmt.Errorf("%w: it was published at %v, the last one at %v", ErrOlder, at, before)
	}
	return nil
}
