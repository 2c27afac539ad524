package wazero

import (
	"errors"
	"sync/atomic"

	"bulkhead/runtimes"
)

// Ahead returns the backend for one plugin in a sandbox that this process enters afterwards, where nothing can be opened:
// what a large snapshot needs is opened here, and large snapshots of more plugins are copied. In the sandbox pread64 must
// work, besides what the engine needs anyway, or snapshots are restored slower.
func Ahead() runtimes.Backend {
	const largest = 4 << 30 // as much memory as a guest can have; of the file nothing is there yet
	return Config{
		Image:   once(func() (int, error) { return makeImage(largest) }),
		Pagemap: withoutSize(once(openPagemap)),
	}.New()
}

// once opens a file now and gives it away, to the first who asks.
func once(open func() (int, error)) func(int) (int, error) {
	fd, err := open()
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
