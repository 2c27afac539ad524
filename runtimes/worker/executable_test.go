package worker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// executable keeps a program until the test ends.
func executable(t *testing.T, path string) *Executable {
	t.Helper()
	e, err := ReadExecutable(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// copyOfSelf is a file with the program of these workers.
func copyOfSelf(t *testing.T) (path string, program []byte) {
	t.Helper()
	from := "/proc/self/exe"
	if other := os.Getenv(executableVariable); other != "" {
		from = other
	}
	program, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "worker")
	if err := os.WriteFile(path, program, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, program
}

// What runs is what was read and hashed, whatever becomes of the file.
func TestExecutableIsItsBytes(t *testing.T) {
	path, program := copyOfSelf(t)
	e := executable(t, path)
	if sum := sha256.Sum256(program); e.Digest() != hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", e.Digest())
	}
	evil, err := os.ReadFile("/bin/true")
	if err == nil {
		err = os.WriteFile(path, evil, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"replaced", "gone"} {
		b := newBackend(t, Config{Backend: "plain", Executable: e})
		m, err := b.Load(t.Context(), testProgram([]byte("echo"), &witness{}))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if answer, err := m.Call(t.Context(), nil, []byte("x")); string(answer) != "x" {
			t.Errorf("%s: answer %q, error %v", when, answer, err)
		}
		m.Close(t.Context())
		os.Remove(path)
	}
}

// Nobody can change a kept program, this process included.
func TestExecutableIsSealed(t *testing.T) {
	e := executable(t, "/bin/true")
	if _, err := unix.Pwrite(e.fd, []byte("x"), 0); err != unix.EPERM {
		t.Errorf("writing: %v, want EPERM", err)
	}
	if err := unix.Ftruncate(e.fd, 0); err != unix.EPERM {
		t.Errorf("cutting: %v, want EPERM", err)
	}
	if _, err := unix.Mmap(e.fd, 0, 1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != unix.EPERM {
		t.Errorf("mapping for writing: %v, want EPERM", err)
	}
}

// Code that one program compiled is not taken for another's.
func TestExecutableNamesCode(t *testing.T) {
	path, program := copyOfSelf(t)
	p := testProgram([]byte("module"), &witness{})
	key := func(e *Executable) string {
		k, err := newBackend(t, Config{Backend: "wazero", Executable: e}).key(p)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if err := os.WriteFile(path+"2", bytes.Join([][]byte{program, {0}}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	same, other := executable(t, path), executable(t, path+"2")
	if key(same) != key(nil) || key(same) == key(other) {
		t.Error("keys do not follow the bytes")
	}
}

func TestReadExecutable(t *testing.T) {
	if _, err := ReadExecutable("/nowhere"); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, MaxProgram+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadExecutable(large); err == nil {
		t.Error("a large file was taken")
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, t.TempDir(), "/dev/zero"} {
		if _, err := ReadExecutable(name); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
