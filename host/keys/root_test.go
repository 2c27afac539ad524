package keys

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func createRoot(t *testing.T) (path string, r *Root) {
	t.Helper()
	path = filepath.Join(t.TempDir(), RootName+PrivateSuffix)
	r, err := CreateRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, r
}

func TestRootIsMadeOnce(t *testing.T) {
	path, r := createRoot(t)
	wantMode(t, path, 0o600)
	again, err := CreateRoot(path)
	if err != nil || *again != *r {
		t.Errorf("made another one: %v", err)
	}
	read, err := ReadRoot(path)
	if err != nil || *read != *r {
		t.Errorf("read another one: %v", err)
	}
	if _, other := createRoot(t); *other == *r {
		t.Error("two devices have one key")
	}
}

// Hosts that share a key folder and start at once agree on one key.
func TestRootIsMadeOnceByMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	var made [16]*Root
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			var err error
			if made[i], err = CreateRoot(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range made {
		if r == nil || *r != *made[0] {
			t.Fatal("there were two keys")
		}
	}
}

func TestRootGivesUpOnALockedFolder(t *testing.T) {
	folder := t.TempDir()
	f, err := os.Open(folder)
	do(t, err)
	defer f.Close()
	do(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	if _, err := CreateRoot(filepath.Join(folder, "root.key")); !isFileError(err) {
		t.Errorf("%v", err)
	}
}

func TestRootRefusesFolders(t *testing.T) {
	open := t.TempDir()
	chmod(t, open, 0o777)
	for _, folder := range []string{open, filepath.Join(open, "missing")} {
		if _, err := CreateRoot(filepath.Join(folder, "root.key")); !isFileError(err) {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(open, "root.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key lies in a folder that anybody may write: %v", err)
	}
}

// The derivation is that of RFC 5869, computed by hand, and every use has its own key.
func TestRootDerives(t *testing.T) {
	r := &Root{[RootSize]byte(bytes.Repeat([]byte{7}, RootSize))}
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	extracted := mac(make([]byte, sha256.Size), string(r.secret[:]))
	a, err := r.Derive("bulkhead/cache/v1")
	if want := mac(extracted, "bulkhead/cache/v1\x01"); err != nil || !bytes.Equal(a[:], want) {
		t.Errorf("%x, %v; want %x", a, err, want)
	}
	if b, err := r.Derive("bulkhead/state/v1"); err != nil || a == b {
		t.Errorf("two uses share a key: %v", err)
	}
}

func TestRootPrintsNothing(t *testing.T) {
	_, r := createRoot(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{r, *r} {
			if text := fmt.Sprintf(verb, v); len(text) > 40 || strings.Contains(text, hex.EncodeToString(r.secret[:4])) {
				t.Errorf("%s prints %q", verb, text)
			}
		}
	}
}

func TestReadRootRefuses(t *testing.T) {
	sign, _ := create(t, "k", Sign)
	signFile, err := os.ReadFile(filepath.Join(sign, "k.key"))
	do(t, err)
	edit := func(old, new string) func(*testing.T, string) {
		return func(t *testing.T, p string) {
			data, err := os.ReadFile(p)
			do(t, err)
			if !strings.Contains(string(data), old) {
				t.Fatalf("%q is not in the file", old)
			}
			write(t, p, strings.Replace(string(data), old, new, 1))
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  string
	}{
		{"missing", func(t *testing.T, p string) { do(t, os.Remove(p)) }, "no such file"},
		{"group may read", func(t *testing.T, p string) { chmod(t, p, 0o640) }, "others may read"},
		{"world may write", func(t *testing.T, p string) { chmod(t, p, 0o602) }, "may write"},
		{"folder writable by group", func(t *testing.T, p string) { chmod(t, filepath.Dir(p), 0o770) }, "may write"},
		{"symbolic link", func(t *testing.T, p string) { relink(t, os.Symlink, filepath.Dir(p), p) }, "not a regular file"},
		{"hard link", func(t *testing.T, p string) { relink(t, os.Link, filepath.Dir(p), p) }, "more than one name"},
		{"pipe", func(t *testing.T, p string) { do(t, os.Remove(p)); do(t, syscall.Mkfifo(p, 0o600)) }, "not a regular file"},
		{"empty", func(t *testing.T, p string) { write(t, p, "") }, "decoding"},
		{"another kind of key", func(t *testing.T, p string) { write(t, p, string(signFile)) }, "unknown"},
		{"unknown type", edit("root-key/v1", "root-key/v2"), "type is"},
		{"unknown member", edit(`"keyid"`, `"mode": 1, "keyid"`), "unknown"},
		{"short secret", edit(`"secret": "`, `"secret": "AAAA`), "32 bytes"},
		{"no secret", edit(`"secret": "`, `"secret": "", "x": "`), "unknown"},
		{"keyid", edit(`"keyid": "`, `"keyid": "0`), "keyid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, _ := createRoot(t)
			c.spoil(t, path)
			_, err := ReadRoot(path)
			var e *FileError
			if !errors.As(err, &e) || !strings.Contains(e.Reason, c.want) {
				t.Errorf("got %v, want a *FileError with %q", err, c.want)
			}
			if errors.Is(err, fs.ErrNotExist) != (c.name == "missing") {
				t.Errorf("%v: is it missing?", err)
			}
			if c.name != "missing" {
				if _, err := CreateRoot(path); err == nil {
					t.Error("CreateRoot replaced it")
				}
			}
		})
	}
}
