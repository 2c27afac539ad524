package main

import (
	"errors"
	"io/fs"

	"bulkhead/host/floor"
	"bulkhead/host/keys"
)

// rootPath is where the device's root key lies: beside its other keys, never in the state directory.
func (s *system) rootPath() string { return s.Join(s.Device.KeyFile(keys.RootName)) }

// readRoot reads the root key. A device may have none yet.
func (s *system) readRoot() error {
	root, err := keys.ReadRoot(s.rootPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.root = root
	return nil
}

// makeRoot makes the root key where there is none, if nothing speaks against it; the error says what does. A state that
// was authenticated has lost its key, and a new one would only hide that. A floor that is not authenticated could not be
// believed any more once there is a key, which is for an operator to accept.
func (s *system) makeRoot(store floor.Store, accept bool) error {
	if s.root != nil {
		return nil
	}
	f, err := floor.Open(floor.Config{Store: store})
	if err != nil {
		return err
	}
	if !f.Fresh() && !accept {
		return errors.New("this state is older than root keys\nhint: make the key, and authenticate the floor with it: bin/host check --accept")
	}
	if s.root, err = keys.CreateRoot(s.rootPath()); err != nil {
		return err
	}
	s.rootMade = true
	return nil
}
