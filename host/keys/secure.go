package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// readChecked reads a small file that nobody but root and this process can have written or replaced. private reports
// that group and others may not read it either.
func readChecked(path string) (data []byte, private bool, err error) {
	folder, err := openFolder(filepath.Dir(path))
	if err != nil {
		return nil, false, err
	}
	defer folder.Close()
	data, info, err := safefile.Read(folder, filepath.Base(path), MaxFile)
	if err != nil {
		return nil, false, &FileError{Path: path, Reason: safefile.Reason(err), Hint: hintFor(err), cause: err}
	}
	if err := checkOwner(path, info); err != nil {
		return nil, false, err
	}
	if _, names, _ := safefile.Owner(info); names != 1 {
		return nil, false, &FileError{Path: path, Reason: "has more than one name", Hint: "remove the other hard links"}
	}
	return data, info.Mode().Perm()&0o077 == 0, nil
}

func hintFor(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "make a key with `host key new`"
	case errors.Is(err, safefile.ErrIrregular):
		return "a key file must be no link, pipe or device"
	}
	return ""
}

// openFolder opens a folder in which nobody but root and this process can replace a file.
func openFolder(path string) (*os.Root, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, &FileError{Path: path, Reason: "opening its folder: " + safefile.Reason(err)}
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
	if uid, _, ok := safefile.Owner(info); !ok || uid != 0 && uid != uint32(os.Geteuid()) {
		return &FileError{Path: path, Reason: fmt.Sprintf("owned by uid %d, not by root or uid %d", uid, os.Geteuid()), Hint: "chown it to the user of the host"}
	}
	if info.Mode().Perm()&0o022 != 0 {
		return &FileError{Path: path, Reason: "group or others may write to it", Hint: "chmod go-w " + path}
	}
	return nil
}
