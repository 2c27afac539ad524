package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"bulkhead/host/safefile"
	"bulkhead/runtimes"
)

// For returns the part of the store that is for the plugin with this digest, as its bundle says it. Keys are opaque.
func (s *Store) For(digest string) runtimes.Cache { return &plugin{s, digest} }

type plugin struct {
	store  *Store
	digest string
}

// Get implements runtimes.Cache.
func (p *plugin) Get(key string) []byte {
	b := binding{p.digest, key}
	code, err := p.store.read(b)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.store.refuse(b, err)
		return nil
	}
	return code
}

// Put implements runtimes.Cache.
func (p *plugin) Put(key string, code []byte) {
	if p.store.config.ReadOnly || len(code) == 0 {
		return
	}
	b := binding{p.digest, key}
	if err := p.store.keep(b, code); err != nil {
		p.store.reporter.say(Event{Plugin: p.digest, File: b.name(), Reason: "keeping it: " + safefile.Reason(err)})
	}
}

// read returns the code for b. An error that is a rejection says something about the file, any other about the system.
func (s *Store) read(b binding) ([]byte, error) {
	s.mu.RLock()
	code, changed, err := s.unsealed(b)
	s.mu.RUnlock()
	if err != nil || s.config.ReadOnly {
		return code, err
	}
	s.used(b.name(), changed)
	return code, nil
}

// A rejection is what is wrong with a file.
type rejection struct{ error }

func (s *Store) unsealed(b binding) (code []byte, changed time.Time, err error) {
	data, info, err := safefile.Read(s.root, b.name(), MaxFile)
	switch {
	case errors.Is(err, safefile.ErrIrregular), errors.Is(err, safefile.ErrTooLarge), errors.Is(err, safefile.ErrChanged):
		return nil, changed, rejection{err}
	case err != nil:
		return nil, changed, err
	}
	if safefile.Private(b.name(), info) != nil {
		return nil, changed, rejection{fmt.Errorf("others own it or may enter it: mode %04o", info.Mode().Perm())}
	}
	if _, names, _ := safefile.Owner(info); names != 1 {
		return nil, changed, rejection{errors.New("it has more than one name")}
	}
	if code, err = unseal(s.config.Key, b, data); err != nil {
		return nil, changed, rejection{err}
	}
	return code, info.ModTime(), nil
}

// refuse removes a file that was rejected, so that the next start does not read it again, and reports.
func (s *Store) refuse(b binding, cause error) {
	e := Event{Plugin: b.plugin, File: b.name(), Reason: safefile.Reason(cause)}
	var r rejection
	if e.Rejected = errors.As(cause, &r); e.Rejected && !s.config.ReadOnly {
		if err := s.remove(b.name()); err != nil {
			e.Reason += "; removing it: " + safefile.Reason(err)
		}
	}
	s.reporter.say(e)
}

// keep writes code's file, if there is room.
func (s *Store) keep(b binding, code []byte) error {
	size := int64(headerSize + len(code) + hashSize)
	if size > MaxFile || size > s.config.Bytes {
		return fmt.Errorf("%w: %d bytes", safefile.ErrTooLarge, len(code))
	}
	name, data := b.name(), seal(s.config.Key, b, code)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeRoom(size, name); err != nil {
		return err
	}
	free, err := s.free()
	if err != nil {
		return err
	}
	if free < uint64(size)+reserve {
		return fmt.Errorf("its disk has %d bytes free, of which %d are left to others", free, int64(reserve))
	}
	if err := s.write(s.root, name, data); err != nil {
		return err
	}
	s.note(name, file{size, s.now()})
	return nil
}
