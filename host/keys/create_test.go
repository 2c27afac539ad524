package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func create(t *testing.T, name string, purpose Purpose) (folder string, info Info) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "keys")
	info, err := Create(folder, name, purpose, true)
	if err != nil {
		t.Fatal(err)
	}
	return folder, info
}

func TestCreateAndRead(t *testing.T) {
	for _, purpose := range Purposes() {
		folder, info := create(t, "my-key", purpose)
		private, public := filepath.Join(folder, "my-key.key"), filepath.Join(folder, "my-key.pub")
		wantMode(t, folder, 0o700)
		wantMode(t, private, 0o600)
		wantMode(t, public, 0o644)
		for _, path := range []string{private, public} {
			got, err := Inspect(path)
			if err != nil {
				t.Fatal(err)
			}
			if got.KeyID != info.KeyID || got.Purpose != purpose || got.Name != "my-key" || !got.Development || !bytes.Equal(got.Raw, info.Raw) {
				t.Errorf("%s: %+v, want %+v", path, got, info)
			}
		}
		if purpose == Audit || purpose == Witness {
			continue // audit_test.go, witness_test.go
		}
		if purpose == Token {
			k, err := ReadToken(private)
			if err != nil || k.KeyID != info.KeyID {
				t.Errorf("ReadToken: %v, %v", k, err)
			}
			continue
		}
		k, err := ReadPrivate(private, purpose)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ReadPublic(public, purpose)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := k.Private.Sign([]byte("m"), "c")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Public.Verify([]byte("m"), "c", sig); err != nil {
			t.Error(err)
		}
	}
}

func TestPublicFileHasNoSeed(t *testing.T) {
	folder, _ := create(t, "k", Sign)
	data, err := os.ReadFile(filepath.Join(folder, "k.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("seed")) {
		t.Error("the public file speaks of a seed")
	}
}

func TestCreateKeepsExistingFiles(t *testing.T) {
	folder, first := create(t, "k", Sign)
	if _, err := Create(folder, "k", Sign, false); !isFileError(err) {
		t.Errorf("created over an existing key: %v", err)
	}
	if err := os.Remove(filepath.Join(folder, "k.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(folder, "k", Sign, false); !isFileError(err) {
		t.Errorf("created over an existing public file: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(folder, "k.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed creation left its private file: %v", err)
	}
	if got, err := Inspect(filepath.Join(folder, "k.pub")); err != nil || got.KeyID != first.KeyID {
		t.Errorf("the existing file changed: %v, %v", got.KeyID, err)
	}
}

// What a crash left of a creation is no key, and hinders no second try.
func TestCreateAfterACrash(t *testing.T) {
	folder := t.TempDir()
	for _, left := range []string{"k.key.new", "k.pub.new"} {
		write(t, filepath.Join(folder, left), "half a f")
	}
	info, err := Create(folder, "k", Sign, true)
	do(t, err)
	if got, err := ReadPrivate(filepath.Join(folder, "k.key"), Sign); err != nil || got.KeyID != info.KeyID {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v lies there", left)
	}
}

// A creation that fails leaves nothing, whichever file it fails at.
func TestCreateLeavesNothing(t *testing.T) {
	for _, at := range []string{"k.key.new", "k.pub.new"} {
		folder := t.TempDir()
		do(t, os.MkdirAll(filepath.Join(folder, at, "in-the-way"), 0o700))
		if _, err := Create(folder, "k", Sign, true); !isFileError(err) {
			t.Errorf("%s: %v", at, err)
		}
		left, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(left) != 1 {
			t.Errorf("%s: %v lies there", at, left)
		}
	}
}

// Of many that make one key, one makes it.
func TestCreateIsForOne(t *testing.T) {
	folder := t.TempDir()
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := Create(folder, "k", Sign, true); err == nil {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	k, err := ReadPrivate(filepath.Join(folder, "k.key"), Sign)
	do(t, err)
	p, err := ReadPublic(filepath.Join(folder, "k.pub"), Sign)
	do(t, err)
	if made.Load() != 1 || k.KeyID != p.KeyID {
		t.Errorf("%d were made, private %s, public %s", made.Load(), k.KeyID, p.KeyID)
	}
}

func TestCreateRefuses(t *testing.T) {
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	dangling := t.TempDir()
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), filepath.Join(dangling, "k.key")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, folder, key string
		purpose           Purpose
	}{
		{"folder that others may write", open, "k", Sign},
		{"a link waits at the name", dangling, "k", Sign},
		{"name with a path", t.TempDir(), "../k", Sign},
		{"empty name", t.TempDir(), "", Sign},
		{"upper case", t.TempDir(), "K", Sign},
		{"option", t.TempDir(), "-k", Sign},
		{"unknown purpose", t.TempDir(), "k", "tls"},
		{"no purpose", t.TempDir(), "k", ""},
	} {
		if _, err := Create(c.folder, c.key, c.purpose, true); !isFileError(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
