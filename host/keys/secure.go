package keys

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// readChecked reads a small file that nobody but root and this process can have written or replaced. private reports
// that group and others may not read it either. The file is opened once: what is checked is what is read.
func readChecked(path string) (data []byte, private bool, err error) {
	fail := func(reason, hint string) ([]byte, bool, error) {
		return nil, false, &FileError{Path: path, Reason: reason, Hint: hint}
	}
	folder, err := openFolder(filepath.Dir(path))
	if err != nil {
		return nil, false, err
	}
	defer folder.Close()
	name := filepath.Base(path)
	before, err := folder.Lstat(name)
	if err != nil {
		return fail(reason(err), "make a key with `host key new`")
	}
	if !before.Mode().IsRegular() {
		return fail("not a regular file", "a key file must be no link, pipe or device")
	}
	f, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fail(reason(err), "")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fail(reason(err), "")
	}
	if !os.SameFile(before, info) || !info.Mode().IsRegular() {
		return fail("replaced while it was being opened", "")
	}
	if err := checkOwner(path, info); err != nil {
		return nil, false, err
	}
	if links(info) != 1 {
		return fail("has more than one name", "remove the other hard links")
	}
	data, err = io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return fail(reason(err), "")
	}
	if len(data) > MaxFile {
		return fail(fmt.Sprintf("larger than %d bytes", MaxFile), "")
	}
	return data, info.Mode().Perm()&0o077 == 0, nil
}

// openFolder opens a folder in which nobody but root and this process can replace a file.
func openFolder(path string) (*os.Root, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "opening its folder: " + reason(err)}
	}
	info, err := root.Stat(".")
	if err == nil {
		err = checkOwner(path, info)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

func checkOwner(path string, info fs.FileInfo) error {
	if uid, ok := owner(info); !ok || uid != 0 && uid != os.Geteuid() {
		return &FileError{Path: path, Reason: fmt.Sprintf("owned by uid %d, not by root or uid %d", uid, os.Geteuid()), Hint: "chown it to the user of the host"}
	}
	if info.Mode().Perm()&0o022 != 0 {
		return &FileError{Path: path, Reason: "group or others may write to it", Hint: "chmod go-w " + path}
	}
	return nil
}

func owner(info fs.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, false
	}
	return int(st.Uid), true
}

func links(info fs.FileInfo) uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(st.Nlink)
}

// reason is the system's word without the path, which the FileError names.
func reason(err error) string {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
