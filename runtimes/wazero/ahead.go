package wazero

import (
	"errors"
	"sync/atomic"

	"bulkhead/runtimes"
)

// Ahead returns the backend for one plugin in a sandbox that this process enters afterwards, where nothing can be opened:
// what a large snapshot needs is opened here, and large snapshots of more plugins are copied. pagemap is this process's
// /proc/self/pagemap, which becomes the backend's, or -1 if there is none: it may be in the sandbox already. There pread64
// must work, besides what the engine needs anyway, or snapshots are restored slower.
func Ahead(pagemap int) runtimes.Backend {
	const largest = 4 << 30 // as much memory as a guest can have; of the file nothing is there yet
	image, err := makeImage(largest)
	var none error
	if pagemap < 0 {
		none = errors.New("there is no pagemap")
	}
	return Config{Image: once(image, err), Pagemap: withoutSize(once(pagemap, none))}.New()
}

// once gives a file away, to the first who asks.
func once(fd int, err error) func(int) (int, error) {
	var given atomic.Bool
	return func(int) (int, error) {
		if given.Swap(true) && err == nil {
			return -1, errors.New("there was one, and it is gone")
		}
		return fd, err
	}
}

func withoutSize(f func(int) (int, error)) func() (int, error) {
	return func() (int, error) { return f(0) }
}
