package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"os"

	"bulkhead/host/floor"
	"bulkhead/host/gate"
	"bulkhead/host/safefile"
	"bulkhead/host/state"
)

// stateInfo names the key that authenticates what the host remembers.
const stateInfo = "bulkhead/state/v1"

const acceptHint = "if you know why, accept what is to run now: bin/host check --accept"

// openFloor opens the floor, authenticated if there is a root key. accept takes one that is not, which Plain reports.
func (s *system) openFloor(store floor.Store, accept bool) (*floor.Floor, error) {
	c := floor.Config{Store: store, TakePlain: accept}
	if s.root != nil {
		key, err := s.root.Derive(stateInfo)
		if err != nil {
			return nil, err
		}
		c.MAC = func(data []byte) []byte {
			h := hmac.New(sha256.New, key[:])
			h.Write(data)
			return h.Sum(nil)
		}
	}
	f, err := floor.Open(c)
	switch {
	case errors.Is(err, floor.ErrPlain):
		return nil, refused(err, acceptHint)
	case errors.Is(err, floor.ErrDamaged) && s.root == nil:
		return nil, refused(err, "it may be authenticated under a root key that is gone: bring back "+s.rootPath())
	case errors.Is(err, floor.ErrDamaged):
		return nil, refused(err, "keep the file as evidence; without it, accept what is to run now: bin/host check --accept")
	case err != nil:
		return nil, refused(err, "")
	}
	return f, nil
}

// checkFloor compares what is to be loaded with what ran before, and writes nothing.
func (s *system) checkFloor() error {
	want, err := s.floorSet()
	if err != nil {
		return err
	}
	f, err := s.openFloor(reader(s.Join(s.State)), false)
	if err != nil {
		return err
	}
	if f.Fresh() {
		past, err := readHistory(inFolder(s.logFolder()))
		if err != nil {
			return err
		}
		if past.started {
			return lostFloor()
		}
	}
	_, err = f.Check(want, false)
	return refusedByFloor(err)
}

// acceptFloor makes what is to be loaded the floor, whatever an operator may accept.
func (s *system) acceptFloor(ctx context.Context) error {
	dir, err := state.Open(s.Join(s.State))
	if err != nil {
		return usage(err)
	}
	log, err := s.openLog(dir)
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	selected, _ := s.selected(log)
	_ = s.makeRoot(dir, true) // a note of the plan says that there is none
	past, err := readHistory(log.Latest)
	if err == nil {
		err = s.raiseFloor(ctx, dir, selected, past, true)
	}
	if err == nil {
		err = s.recordKeys(ctx, selected)
	}
	return errors.Join(err, log.Close(), dir.Close())
}

// raiseFloor makes what is to be loaded the floor, after it has recorded what an operator accepted.
func (s *system) raiseFloor(ctx context.Context, store floor.Store, log gate.Log, past history, accept bool) error {
	want, err := s.floorSet()
	if err != nil {
		return err
	}
	f, err := s.openFloor(store, accept)
	if err != nil {
		return err
	}
	lost := f.Fresh() && past.started // what a host starts with is recorded after the floor was raised
	if lost && !accept {
		return lostFloor()
	}
	changes, err := f.Check(want, accept)
	if err != nil {
		return refusedByFloor(err)
	}
	if lost {
		changes = append(changes, floor.Change{What: "the floor was lost"})
	}
	if f.Plain() {
		changes = append(changes, floor.Change{What: "the floor was not authenticated"})
	}
	for _, c := range changes {
		if err := s.note(ctx, log, gate.PluginAccept, c.Plugin, c.What, nil); err != nil {
			return err
		}
	}
	_, err = f.Raise(want, accept)
	return refusedByFloor(err)
}

// recordKeys records which keys this process made.
func (s *system) recordKeys(ctx context.Context, log gate.Log) error {
	if s.auditMade {
		if err := s.note(ctx, log, gate.KeyCreate, "audit", "made the key that signs the log, "+s.audit.KeyID, nil); err != nil {
			return err
		}
	}
	if !s.rootMade {
		return nil
	}
	return s.note(ctx, log, gate.KeyCreate, "root", "made a root key", nil)
}

// lostFloor says that a host has started with this log, but there is no floor, which is raised before that.
func lostFloor() error {
	return refused(errors.New("the floor is lost: this host has a log, but what it ran before is forgotten, so that something older could run"), acceptHint)
}

func refusedByFloor(err error) error {
	var no *floor.Refusal
	if errors.As(err, &no) {
		return refused(err, "")
	}
	return err
}

// reader is a state directory that is only read, as by a host that does not own it.
type reader string

// Read returns a file of the directory.
func (r reader) Read(name string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(string(r))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, _, err := safefile.Read(root, name, limit)
	return data, err
}

// Write refuses.
func (reader) Write(string, []byte) error { return errors.New("the state directory is only read") }
