package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// An Executable is a program that is a worker, as bytes that nobody can change: not who may write to the file that they
// were read from, and not this process. What runs is what was hashed.
type Executable struct {
	fd     int // sealed
	digest []byte
}

// Seal keeps a program. Close frees it.
func Seal(program []byte) (*Executable, error) {
	fd, err := makeExecutable(program)
	if err != nil {
		return nil, fmt.Errorf("keeping a worker's program: %w", err)
	}
	sum := sha256.Sum256(program)
	return &Executable{fd: fd, digest: sum[:]}, nil
}

// MaxProgram is how large a worker's program may be, in bytes.
const MaxProgram = 256 << 20

// ReadExecutable is Seal for a file that the caller trusts, as its owner and mode are for him to judge.
func ReadExecutable(name string) (*Executable, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a pipe, which nobody writes to
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading a worker's program: %s is no regular file", name)
	case info.Size() > MaxProgram:
		return nil, errTooLarge(name)
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxProgram+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading a worker's program: %w", err)
	case len(b) > MaxProgram: // it grew
		return nil, errTooLarge(name)
	}
	return Seal(b)
}

func errTooLarge(name string) error {
	return fmt.Errorf("reading a worker's program: %s has more than %d bytes", name, MaxProgram)
}

// makeExecutable is makeSealed for a file that may be executed. A kernel can be told to refuse such files: then there is
// no worker.
func makeExecutable(program []byte) (fd int, err error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err = unix.MemfdCreate("bulkhead-executable", flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3, when all of them were executable
		fd, err = unix.MemfdCreate("bulkhead-executable", flags)
	}
	if errors.Is(err, unix.EACCES) {
		return -1, fmt.Errorf("this kernel lets no file in memory be executed, as vm.memfd_noexec = 2 says: %w", err)
	}
	if err != nil {
		return -1, err
	}
	if err := fill(fd, int64(len(program)), [][]byte{program}, allSeals); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// Digest is the SHA-256 of the program, in hex.
func (e *Executable) Digest() string { return hex.EncodeToString(e.digest) }

// Close frees the program. Workers that run go on; no more are started.
func (e *Executable) Close() error { return unix.Close(e.fd) }

// A program is what workers are started from: a kept one, or the one that is running.
type program struct {
	kept *Executable // nil: the running one

	once   sync.Once
	digest []byte
	err    error
}

// path names it for a new process, in which a kept one has the descriptor fdSelf. The kernel does not let anybody write to
// the running one.
func (p *program) path() string {
	if p.kept == nil {
		return "/proc/self/exe"
	}
	return fmt.Sprint("/proc/self/fd/", fdSelf)
}

// file is the descriptor of a kept one, for a new process.
func (p *program) file() uintptr {
	if p.kept == nil {
		return none
	}
	return uintptr(p.kept.fd)
}

// sum is the digest of the program. That of the running one is made when it is needed first.
func (p *program) sum() ([]byte, error) {
	if p.kept != nil {
		return p.kept.digest, nil
	}
	p.once.Do(func() {
		f, err := os.Open(p.path())
		if err != nil {
			p.err = err
			return
		}
		defer f.Close()
		h := sha256.New()
		if _, p.err = io.Copy(h, f); p.err == nil {
			p.digest = h.Sum(nil)
		}
	})
	return p.digest, p.err
}
