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

// store writes both files under names of the moment and then gives them their own, the private one first: a crash may leave
// a key without its public file, never half a file under a key's name.
func (i Info) store(root *os.Root, seed []byte) error {
	unlock, err := lock(root) // of two that make one key, the second must find the first's
	if err != nil {
		return &FileError{Path: root.Name(), Reason: safefile.Reason(err)}
	}
	defer unlock()
	private, public := i.file(typePrivate), i.file(typePublic)
	private.fill(seed)
	public.fill(i.Raw)
	names := []string{i.Name + PrivateSuffix, i.Name + PublicSuffix}
	err = errors.Join(absent(root, names[0]), absent(root, names[1]))
	if err == nil {
		err = createFile(root, names[0], private, 0o600)
	}
	if err == nil {
		err = createFile(root, names[1], public, 0o644)
	}
	for n := 0; err == nil && n < len(names); n++ {
		if err = root.Rename(names[n]+safefile.TempSuffix, names[n]); err != nil {
			err = fileError(root, names[n], err)
			_ = root.Remove(names[0]) // nobody has its public half
		}
	}
	if err != nil {
		for _, name := range names {
			_ = root.Remove(name + safefile.TempSuffix) // what stays, the next creation removes
		}
		return err
	}
	return syncFolder(root)
}

// absent refuses a name that something has already, a link too.
func absent(root *os.Root, name string) error {
	_, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fileError(root, name, err)
	}
	return &FileError{Path: filepath.Join(root.Name(), name), Reason: "exists already", Hint: "choose another name, or move the old key away first"}
}

// createFile writes a file under its name of the moment, durably.
func createFile(root *os.Root, name string, content file, mode fs.FileMode) error {
	data, err := content.encode()
	if err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Join(root.Name(), name), err)
	}
	name += safefile.TempSuffix
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(root, name, err)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fileError(root, name, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fileError(root, name, err)
	}
	return nil
}

func fileError(root *os.Root, name string, err error) error {
	return &FileError{Path: filepath.Join(root.Name(), name), Reason: safefile.Reason(err)}
}

func syncFolder(root *os.Root) error {
	if err := safefile.Sync(root); err != nil {
		return &FileError{Path: root.Name(), Reason: safefile.Reason(err)}
	}
	return nil
}
