package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one, two := open(), open()
	defer two.Close()
	if err := Lock(one); err != nil {
		t.Fatal(err)
	}
	if err := Lock(two); !errors.Is(err, ErrLocked) {
		t.Errorf("the second got it: %v", err)
	}
	one.Close()
	if err := Lock(two); err != nil {
		t.Errorf("after the first closed: %v", err)
	}
	if err := Lock(one); err == nil {
		t.Error("locked a closed file")
	}
}
