package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// Create makes a key pair and writes FOLDER/NAME.key (0600) and FOLDER/NAME.pub (0644). The folder is made (0700) if it is
// missing and checked as ReadPrivate does otherwise. An existing file is never replaced: then, as after any other error,
// neither file is left behind. When Create returns nil both are durable.
func Create(folder, name string, purpose Purpose, development bool) (Info, error) {
	path := filepath.Join(folder, name+PrivateSuffix)
	if err := checkName(name); err != nil {
		return Info{}, &FileError{Path: path, Reason: err.Error()}
	}
	if _, err := ParsePurpose(string(purpose)); err != nil {
		return Info{}, &FileError{Path: path, Reason: err.Error()}
	}
	info := Info{Name: name, Purpose: purpose, Development: development}
	seed, err := info.generate()
	if err != nil {
		return Info{}, fmt.Errorf("making key %s: %w", name, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Info{}, &FileError{Path: path, Reason: safefile.Reason(err)}
	}
	root, err := openFolder(folder)
	if err != nil {
		return Info{}, err
	}
	defer root.Close()
	return info, info.store(root, seed)
}

// generate fills in the public half and returns the seed.
func (i *Info) generate() ([]byte, error) {
	private := i.file(typePrivate)
	seed := newSeed(private.size())
	m := material{Info: *i}
	if err := m.fromSeed(seed); err != nil {
		return nil, err
	}
	i.Raw, i.KeyID = m.Raw, keyID(m.Raw)
	return seed, nil
}

func (i Info) store(root *os.Root, seed []byte) error {
	private, public := i.file(typePrivate), i.file(typePublic)
	private.fill(seed)
	public.fill(i.Raw)
	if err := createFile(root, i.Name+PrivateSuffix, private, 0o600); err != nil {
		return err
	}
	err := createFile(root, i.Name+PublicSuffix, public, 0o644)
	if err != nil {
		return errors.Join(err, root.Remove(i.Name+PrivateSuffix))
	}
	return syncFolder(root)
}

func createFile(root *os.Root, name string, content file, mode fs.FileMode) error {
	path := filepath.Join(root.Name(), name)
	data, err := content.encode()
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return &FileError{Path: path, Reason: "exists already", Hint: "choose another name, or move the old key away first"}
	}
	if err != nil {
		return &FileError{Path: path, Reason: safefile.Reason(err)}
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(&FileError{Path: path, Reason: safefile.Reason(err)}, root.Remove(name))
	}
	return nil
}

func syncFolder(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return &FileError{Path: root.Name(), Reason: safefile.Reason(err)}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return &FileError{Path: root.Name(), Reason: safefile.Reason(err)}
	}
	return nil
}
