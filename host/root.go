package main

import (
	"errors"
	"io/fs"

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

// makeRoot makes the root key if there is none, and reports whether it did. A key folder that only root may write to is
// no reason not to start.
func (h *running) makeRoot() bool {
	if h.sys.root != nil {
		return false
	}
	root, err := keys.CreateRoot(h.sys.rootPath())
	if err != nil {
		h.logger.Warn("there is no root key and none can be made: every start compiles every plugin", "error", err)
		return false
	}
	h.sys.root = root
	return true
}
