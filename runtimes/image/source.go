package image

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Ahead returns what one image needs, opened now, for a process that enters a sandbox afterwards, where nothing can be
// opened. pagemap is this process's /proc/self/pagemap, which becomes the image's, or -1 if there is none: who calls may be
// unable to open it already. More images are refused. In the sandbox pread64 must work, or memories are put back slower.
func Ahead(pagemap int) Source {
	const largest = 4 << 30 // as much memory as a guest can have; of the file nothing is there yet
	var none error
	if pagemap < 0 {
		none = errors.New("there is no pagemap")
	}
	file, given := once(makeFile(largest)), once(pagemap, none)
	return Source{File: func(int) (int, error) { return file() }, Pagemap: given}
}

// once gives a file away, to the first who asks.
func once(fd int, err error) func() (int, error) {
	var given atomic.Bool
	return func() (int, error) {
		if given.Swap(true) && err == nil {
			return -1, errors.New("there was one, and it is gone")
		}
		return fd, err
	}
}

func (s Source) file(size int) (int, error) {
	if s.File != nil {
		return s.File(size)
	}
	return makeFile(size)
}

func (s Source) pagemap() (int, error) {
	if s.Pagemap != nil {
		return s.Pagemap()
	}
	return openPagemap()
}

// makeFile returns a new file in memory of size bytes.
func makeFile(size int) (int, error) {
	fd, err := unix.MemfdCreate("snapshot", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, err
	}
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func openPagemap() (int, error) {
	return unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
}
