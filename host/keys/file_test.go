package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadRefusesFiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, folder, private string)
		want  string
	}{
		{"group may read", func(t *testing.T, _, p string) { chmod(t, p, 0o640) }, "others may read"},
		{"world may read", func(t *testing.T, _, p string) { chmod(t, p, 0o604) }, "others may read"},
		{"group may write", func(t *testing.T, _, p string) { chmod(t, p, 0o620) }, "may write"},
		{"folder writable by group", func(t *testing.T, f, _ string) { chmod(t, f, 0o770) }, "may write"},
		{"symbolic link", func(t *testing.T, f, p string) { relink(t, os.Symlink, f, p) }, "not a regular file"},
		{"hard link", func(t *testing.T, f, p string) { relink(t, os.Link, f, p) }, "more than one name"},
		{"missing", func(t *testing.T, _, p string) { do(t, os.Remove(p)) }, "no such file"},
		{"folder", func(t *testing.T, _, p string) { do(t, os.Remove(p)); do(t, os.Mkdir(p, 0o700)) }, "not a regular file"},
		{"pipe", func(t *testing.T, _, p string) { do(t, os.Remove(p)); do(t, syscall.Mkfifo(p, 0o600)) }, "not a regular file"},
		{"too large", func(t *testing.T, _, p string) { write(t, p, strings.Repeat(" ", MaxFile+1)) }, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder, _ := create(t, "k", Sign)
			private := filepath.Join(folder, "k.key")
			c.spoil(t, folder, private)
			wantFileError(t, private, c.want)
		})
	}
}

func TestReadRefusesContent(t *testing.T) {
	folder, _ := create(t, "k", Sign)
	private := filepath.Join(folder, "k.key")
	data, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	other, err := Create(folder, "other", Sign, true)
	if err != nil {
		t.Fatal(err)
	}
	id, err := Inspect(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown member", `"id"`, `"mode": 1, "id"`, "unknown"},
		{"duplicate member", `"id"`, `"id": "x", "id"`, "duplicate"},
		{"wrong case", `"purpose"`, `"Purpose"`, "unknown"},
		{"trailing data", "}\n", "}\n{}", "after"},
		{"unknown type", typePrivate, "bulkhead/private-key/v2", "type is"},
		{"public type with a seed", typePrivate, typePublic, "holds the seeds"},
		{"purpose unknown", `"sign"`, `"tls"`, "unknown key purpose"},
		{"purpose of another algorithm", `"sign"`, `"token"`, "algorithm"},
		{"algorithm", Algorithm, "none", "algorithm"},
		{"no development member", `"development": true,`, "", "development is missing"},
		{"keyid of another key", id.KeyID, other.KeyID, "keyid"},
		{"keyid in upper case", id.KeyID, strings.ToUpper(id.KeyID), "keyid"},
		{"line break in the seed", `"seed": "`, `"seed": "\n`, "base64"},
		{"short seed", `"seed": "`, `"seed": "AAAA`, "64"},
		{"name", `"id": "k"`, `"id": "K"`, "key name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the file", c.old)
			}
			write(t, private, strings.Replace(good, c.old, c.new, 1))
			wantFileError(t, private, c.want)
		})
	}
}

func TestReadWantsItsPurpose(t *testing.T) {
	folder, _ := create(t, "k", Audit)
	private, public := filepath.Join(folder, "k.key"), filepath.Join(folder, "k.pub")
	for _, want := range []Purpose{Publisher, Operator, Token, Evidence, Sign} {
		if _, err := ReadPrivate(private, want); !isFileError(err) {
			t.Errorf("an audit key served as %s: %v", want, err)
		}
		if _, err := ReadPublic(public, want); !isFileError(err) {
			t.Errorf("an audit public key served as %s: %v", want, err)
		}
	}
	if _, err := ReadToken(private); !isFileError(err) {
		t.Errorf("an audit key served as token key: %v", err)
	}
	if _, err := ReadPrivate(public, Audit); !isFileError(err) {
		t.Errorf("a public file served as private: %v", err)
	}
	if _, err := ReadPublic(private, Audit); !isFileError(err) {
		t.Errorf("a private file served as public: %v", err)
	}
	tokens, _ := create(t, "t", Token)
	if _, err := ReadPrivate(filepath.Join(tokens, "t.key"), Token); !isFileError(err) {
		t.Errorf("a token key served as composite: %v", err)
	}
	if _, err := ReadPublic(filepath.Join(tokens, "t.pub"), Token); !isFileError(err) {
		t.Errorf("a public token key served as composite: %v", err)
	}
}

// fakeInfo is a file of another user; only root could make a real one.
type fakeInfo struct {
	uid  uint32
	mode fs.FileMode
}

func (fakeInfo) Name() string        { return "f" }
func (fakeInfo) Size() int64         { return 0 }
func (i fakeInfo) Mode() fs.FileMode { return i.mode }
func (fakeInfo) ModTime() time.Time  { return time.Time{} }
func (fakeInfo) IsDir() bool         { return false }
func (i fakeInfo) Sys() any          { return &syscall.Stat_t{Uid: i.uid} }

func TestOwner(t *testing.T) {
	me := uint32(os.Geteuid())
	for _, c := range []struct {
		name string
		info fakeInfo
		ok   bool
	}{
		{"mine", fakeInfo{me, 0o600}, true},
		{"root's", fakeInfo{0, 0o644}, true},
		{"a stranger's", fakeInfo{me + 1234, 0o600}, false},
		{"mine, group may write", fakeInfo{me, 0o660}, false},
		{"mine, world may write", fakeInfo{me, 0o602}, false},
	} {
		if err := checkOwner("f", c.info); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func wantFileError(t *testing.T, path, want string) {
	t.Helper()
	_, err := ReadPrivate(path, Sign)
	var e *FileError
	if !errors.As(err, &e) || !strings.Contains(e.Reason, want) { // the path holds the test's name
		t.Errorf("got %v, want a *FileError with %q", err, want)
	}
}

func isFileError(err error) bool {
	var e *FileError
	return errors.As(err, &e)
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != want {
		t.Errorf("%s: mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
	}
}

func relink(t *testing.T, link func(old, new string) error, folder, path string) {
	t.Helper()
	real := filepath.Join(folder, "real")
	do(t, os.Rename(path, real))
	do(t, link(real, path))
}

func chmod(t *testing.T, path string, mode fs.FileMode) { t.Helper(); do(t, os.Chmod(path, mode)) }

func write(t *testing.T, path, data string) {
	t.Helper()
	do(t, os.WriteFile(path, []byte(data), 0o600))
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
