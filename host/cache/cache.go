// Package cache keeps compiled code on disk, so that a second start is fast.
//
// Compiled code runs with the host's rights, and a file on disk is anybody's word. So every file is authenticated under a
// key that does not lie beside it: it is read into memory once, its MAC is checked there, and exactly those bytes are
// handed on. Its MAC binds it to one plugin and to one key of that plugin's backend, so that no file can stand in for
// another. Whatever does not fit is removed, reported, and compiled again: the cache can make a start fast, and never
// make it fail.
package cache

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"bulkhead/host/safefile"
)

// KeyInfo names the use of Config.Key to whatever derives it.
const KeyInfo = "bulkhead/cache/v1"

// Bounds of a Store.
const (
	DefaultBytes = 512 << 20
	MaxFile      = 256 << 20 // of one file: a plugin of 16 MiB, metered, makes about half of that
	maxFiles     = 1024
	maxListed    = 1 << 14  // names in the folder, ours or not: more are somebody's attack on the start
	reserve      = 64 << 20 // bytes of the disk that are left to others: a log that finds no room stops the host
)

// Config says where a Store is and under which key.
type Config struct {
	Dir   string   // a folder of its own; made with mode 0700 if there is none
	Key   [32]byte // secret, this host's, and for this use alone
	Bytes int64    // what all files may take; 0: DefaultBytes
	// ReadOnly is for whoever shares the folder with the host that owns it: nothing is made, removed or written.
	ReadOnly bool
	// Report hears of files that were refused and of code that could not be kept. nil: nobody does. It is called by
	// several at once, and never without bounds: see Event.Skipped.
	Report func(Event)
}

// An Event is what somebody should hear of.
type Event struct {
	Rejected bool   // a file was not this host's, not for this plugin, or damaged; false: something did not work
	Plugin   string // digest, as given to For; "" for a file that nobody asked for
	File     string // its name in the folder, as hostile as any
	Reason   string
	Skipped  int // events of the same kind that were not reported since the last one that was
}

// A Store is an open folder of compiled code. It is safe for concurrent use.
type Store struct {
	config   Config
	root     *os.Root
	reporter *reporter
	free     func() (uint64, error) // bytes of the disk that files may take
	write    func(root *os.Root, name string, data []byte) error
	now      func() time.Time

	// mu is held for reading while a file is read: one that is replaced meanwhile would look like an attack.
	mu    sync.RWMutex
	files map[string]file
	bytes int64 // of all files
}

// Open opens the folder, which must belong to this process's user and be closed to everybody else, else the error is
// safefile.ErrUnsafe. It removes what is not its own, and then the longest unused until the rest is within bounds. The
// store must be closed.
func Open(c Config) (*Store, error) {
	if c.Bytes <= 0 {
		c.Bytes = DefaultBytes
	}
	s := &Store{config: c, reporter: newReporter(c.Report), write: safefile.Replace, now: time.Now, files: map[string]file{}}
	s.free = s.statFree
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("opening the code cache: %w", err)
	}
	return s, nil
}

func (s *Store) open() (err error) {
	if !s.config.ReadOnly {
		if err := os.Mkdir(s.config.Dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if s.root, err = safefile.OpenPrivate(s.config.Dir); err != nil || s.config.ReadOnly {
		return err
	}
	if err := s.sweep(); err != nil {
		return errors.Join(err, s.root.Close())
	}
	return nil
}

// Close reports what was skipped and gives the folder back. No Cache of the store may be used afterwards.
func (s *Store) Close() error {
	s.reporter.close()
	return s.root.Close()
}
