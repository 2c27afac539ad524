package manifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/host/safefile"
)

// A folder is the manifest's, held open, so that all files are looked for in the same one, and none outside of it.
type folder struct {
	root *os.Root
	path string
	self uint32 // the host's uid
	open bool   // others may write to folders in it where they cannot take the place of what is there: /tmp
}

func openFolder(name string) (*folder, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("finding the manifest's folder: %w", err)
	}
	root, err := os.OpenRoot(full)
	if err != nil {
		return nil, fmt.Errorf("opening the manifest's folder: %w", err)
	}
	return &folder{root: root, path: full, self: uint32(os.Geteuid())}, nil
}

func (f *folder) close() { f.root.Close() }

// read returns a trusted file of the folder: a regular file that nobody but root and the host's user can change. missing
// is the hint for a file that does not exist.
func (f *folder) read(base, missing string) ([]byte, *Problem) {
	data, info, err := safefile.Read(f.root, base, maxFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &Problem{File: base, Message: "does not exist in " + f.path, Hint: missing}
	case errors.Is(err, safefile.ErrIrregular):
		return nil, &Problem{File: base, Message: "is no regular file", Hint: "links, devices and pipes are not read"}
	case err != nil:
		return nil, &Problem{File: base, Message: "cannot be read: " + safefile.Reason(err)}
	}
	if message, hint := f.trusted(base, info); message != "" {
		return nil, &Problem{File: base, Message: message, Hint: hint}
	}
	return data, nil
}

// trusted says what is wrong with the owner and mode of a file or folder that the host believes.
func (f *folder) trusted(name string, info os.FileInfo) (message, hint string) {
	uid, _, ok := safefile.Owner(info)
	if !ok {
		return "has an unknown owner", ""
	}
	mode := info.Mode()
	if f.open && mode.IsDir() && mode&os.ModeSticky != 0 {
		mode &^= 0o022
	}
	return trust(filepath.Join(f.path, name), uid, f.self, mode.Perm())
}

func trust(full string, owner, self uint32, mode os.FileMode) (message, hint string) {
	if owner != 0 && owner != self {
		return fmt.Sprintf("%s belongs to uid %d, which could change it", full, owner), fmt.Sprintf("chown %d %s", self, full)
	}
	if mode&0o022 != 0 {
		return fmt.Sprintf("%s has mode %04o: others could change it", full, mode), fmt.Sprintf("chmod go-w %s", full)
	}
	return "", ""
}

// checkPaths looks at every path of the manifest.
func (f *folder) checkPaths(m *Manifest, host, device *report) {
	if info, err := f.root.Stat("."); err != nil {
		host.addLine(0, "", "its folder cannot be read: %v", err)
	} else if message, hint := f.trusted(".", info); message != "" {
		host.addLine(0, hint, "its folder %s", message)
	}
	f.check(host, keyPath{"state"}, m.State, os.ModeDir, optional)
	f.check(device, keyPath{"key_folder"}, m.Device.KeyFolder, os.ModeDir, believed)
	for _, p := range m.Publishers {
		for i, key := range p.Keys {
			f.check(host, keyPath{"publisher", p.Name, "keys"}.index(i), key, 0, believed)
		}
	}
	for _, w := range m.Workers {
		f.checkProgram(host, keyPath{"backend", w.Backend, "path"}, w.Path)
	}
	for _, p := range m.Plugins {
		f.check(host, keyPath{"plugin", p.Alias, "bundle"}, p.Bundle, os.ModeDir, verified)
		for _, slot := range sortedKeys(p.Sign) {
			if m.Device.KeyFolder != "" && keyID(p.Sign[slot]) == "" {
				f.check(host, keyPath{"plugin", p.Alias, "grant", "sign", slot}, m.Device.KeyFile(p.Sign[slot]), 0, believed)
			}
		}
	}
}

// checkProgram looks at a program in this folder or, by its absolute path, anywhere.
func (f *folder) checkProgram(r *report, at keyPath, name string) {
	rest, absolute := strings.CutPrefix(name, "/")
	if !absolute {
		f.check(r, at, name, 0, program)
		return
	}
	top, err := openFolder("/")
	if err != nil {
		r.add(at, "", "%v", err)
		return
	}
	defer top.close()
	top.open = true
	top.check(r, at, rest, 0, program)
}

// A need says what a path must be beside being there.
type need int

const (
	believed need = iota // trusted as it stands: owner and mode count, on the way to it too
	verified             // its content is verified when it is read
	optional             // may be missing
	program              // believed, and comes from another place than keys
)

// check reports a path that is not what it should be: a link anywhere on the way, another type, nothing at all.
func (f *folder) check(r *report, at keyPath, name string, want os.FileMode, n need) {
	if name == "" || localPath(name) != "" {
		return // reported already
	}
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		step, kind := name[:i], os.ModeDir
		if i == len(name) {
			kind = want
		}
		info, err := f.root.Lstat(step)
		if errors.Is(err, os.ErrNotExist) && n == optional {
			return
		}
		if message, hint := f.look(step, info, err, kind, n); message != "" {
			r.add(at, hint, "%s", message)
			return
		}
	}
}

// look judges one step of a path.
func (f *folder) look(step string, info os.FileInfo, err error, kind os.FileMode, n need) (message, hint string) {
	switch {
	case errors.Is(err, os.ErrNotExist):
		switch n {
		case verified:
			return quote(step) + " does not exist", "build and sign it first: bin/host plugin build, bin/host plugin sign"
		case program:
			return quote(step) + " does not exist", makeWorker
		}
		return quote(step) + " does not exist", "make the key first: bin/host key new"
	case err != nil:
		return fmt.Sprintf("%s cannot be looked at: %v", quote(step), err), ""
	case info.Mode()&os.ModeSymlink != 0:
		return quote(step) + " is a symbolic link", "name the real folder or file"
	case info.Mode().Type() != kind && kind == os.ModeDir:
		return quote(step) + " is no folder", ""
	case info.Mode().Type() != kind:
		return quote(step) + " is no regular file", ""
	case n == believed || n == program:
		return f.trusted(step, info)
	}
	return "", ""
}
