package witness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
)

// Anchor replaces the checkpoint in the file at path, if there is one, by a later one of the same log, and says whether it
// did: the anchor of the same head stays, with all its cosignatures. A head that does not follow the anchor's is refused
// as Follows says, with *Evidence for a fork. The new anchor is durable when Anchor returns nil.
func Anchor(path string, log *checkpoint.Verifier, latest []byte, tiles Tiles) (bool, error) {
	h, err := log.Open(latest)
	if err != nil {
		return false, err
	}
	before, err := ReadNote(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = Holds(h, tiles)
	case err != nil:
		return false, err
	default:
		old, opened := log.Open(before)
		if opened != nil {
			return false, fmt.Errorf("opening the anchor %s: %w", path, opened)
		}
		if err = Follows(old, h, tiles); err == nil && old == h {
			return false, nil
		}
		if errors.Is(err, ErrFork) {
			err = &Evidence{Origin: h.Origin, First: string(before), Second: string(latest), cause: err}
		}
	}
	if err != nil {
		return false, err
	}
	return true, WriteNote(path, latest)
}

// ReadNote reads a checkpoint from a file. A missing one is os.ErrNotExist.
func ReadNote(path string) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	defer root.Close()
	data, _, err := safefile.Read(root, filepath.Base(path), checkpoint.MaxNote)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint %s: %w", path, err)
	}
	return data, nil
}

// WriteNote replaces a checkpoint's file as a whole. It is durable when WriteNote returns nil.
func WriteNote(path string, note []byte) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("writing the checkpoint: %w", err)
	}
	defer root.Close()
	if err := safefile.Replace(root, filepath.Base(path), note); err != nil {
		return fmt.Errorf("writing the checkpoint %s: %w", path, err)
	}
	return nil
}
