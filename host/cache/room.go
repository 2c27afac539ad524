package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"bulkhead/host/safefile"
)

// A file is one of ours in the folder.
type file struct {
	size int64
	used time.Time // about: see used
}

// sweep lists the folder. What is not ours goes.
func (s *Store) sweep() error {
	dir, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	for listed := 0; ; {
		entries, err := dir.ReadDir(256)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if listed += len(entries); listed > maxListed {
			return fmt.Errorf("more than %d files in %s\nhint: remove the folder, the host makes it again", maxListed, s.config.Dir)
		}
		for _, e := range entries {
			s.meet(e)
		}
	}
	return s.makeRoom(0, "")
}

// meet notes a file of the folder, or removes it.
func (s *Store) meet(e fs.DirEntry) {
	name := e.Name()
	if unfinished, ok := strings.CutSuffix(name, safefile.TempSuffix); ok && ours(unfinished) {
		_ = s.root.Remove(name) // a crash left it; at worst it stays
		return
	}
	if info, err := e.Info(); err == nil && ours(name) && info.Mode().IsRegular() {
		s.note(name, file{info.Size(), info.ModTime()})
		return
	}
	r := Event{Rejected: true, File: name, Reason: "it does not belong here"}
	if err := s.root.Remove(name); err != nil {
		r.Reason += "; removing it: " + safefile.Reason(err)
	}
	s.reporter.say(r)
}

// ours reports whether a file of ours could have this name.
func ours(name string) bool {
	return len(name) == 2*hashSize && strings.Trim(name, "0123456789abcdef") == ""
}

// note, forget and makeRoom keep the account of the folder. The lock is held for writing.
func (s *Store) note(name string, f file) {
	s.forget(name)
	s.files[name] = f
	s.bytes += f.size
}

func (s *Store) forget(name string) {
	s.bytes -= s.files[name].size
	delete(s.files, name)
}

// makeRoom removes the longest unused files until size more bytes under name are within the bounds. What has the name now
// will be replaced and does not count.
func (s *Store) makeRoom(size int64, name string) error {
	count := len(s.files)
	if _, replaced := s.files[name]; !replaced && size > 0 {
		count++
	}
	excess := s.bytes - s.files[name].size + size - s.config.Bytes
	if excess <= 0 && count <= maxFiles {
		return nil
	}
	oldest := slices.SortedFunc(maps.Keys(s.files), func(a, b string) int { return s.files[a].used.Compare(s.files[b].used) })
	for _, victim := range oldest {
		if excess <= 0 && count <= maxFiles {
			break
		}
		if victim == name {
			continue
		}
		excess -= s.files[victim].size
		count--
		s.forget(victim)
		if err := s.root.Remove(victim); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// remove takes a file away.
func (s *Store) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(name)
	return s.root.Remove(name)
}

// usedEvery is how exact the time of last use on disk is: flash wears.
const usedEvery = 24 * time.Hour

// used notes that a file was read: in its time of change, which nothing else needs.
func (s *Store) used(name string, changed time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if f, ok := s.files[name]; ok {
		f.used = now
		s.files[name] = f
	}
	if age := now.Sub(changed); age > usedEvery || age < 0 {
		_ = s.root.Chtimes(name, now, now) // it would be removed too early, at worst
	}
}

// statFree asks the system.
func (s *Store) statFree() (uint64, error) {
	dir, err := s.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, fmt.Errorf("asking for free space: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}
