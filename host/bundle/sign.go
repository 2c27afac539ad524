package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"bulkhead/host/keys"
)

// newEnvelopeFile is the envelope while it is being written.
const newEnvelopeFile = ".plugin.dsse.json.new"

// Sign adds the signature of key to the bundle in dir, in place of an older one by the same key. It first compares every
// file with the statement, so that nobody signs what is not there. The envelope is replaced whole, durably. Errors about
// the bundle are *Refused.
func Sign(dir string, key *keys.Private) error {
	f, err := openFolder(dir)
	if err != nil {
		return refuse(dir, err)
	}
	defer f.Close()
	if err := f.remove(newEnvelopeFile); err != nil { // an interrupted Sign left it
		return refuse(dir, err)
	}
	_, e, err := f.inspect()
	if err != nil {
		return refuse(dir, err)
	}
	if err := e.sign(key); err != nil {
		return fmt.Errorf("signing %s: %w", dir, err)
	}
	data, err := e.encode()
	if err != nil {
		return fmt.Errorf("encoding the envelope of %s: %w", dir, err)
	}
	if len(data) > MaxEnvelope {
		return fmt.Errorf("signing %s: the envelope would have %d bytes, more than %d", dir, len(data), MaxEnvelope)
	}
	if err := f.writeEnvelope(data); err != nil {
		return fmt.Errorf("writing the envelope of %s: %w", dir, err)
	}
	return nil
}

// writeEnvelope leaves an unsigned statement behind only if it fails: then both are there, and the bundle is refused.
func (f *folder) writeEnvelope(data []byte) error {
	file, err := f.root.OpenFile(newEnvelopeFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(newEnvelopeFile))
	}
	if err := f.root.Rename(newEnvelopeFile, envelopeFile); err != nil {
		return errors.Join(err, f.root.Remove(newEnvelopeFile))
	}
	if err := f.remove(statementFile); err != nil {
		return err
	}
	return f.sync()
}

// remove is content if there is nothing of this name.
func (f *folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *folder) sync() error {
	d, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
