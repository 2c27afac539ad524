package sdk

import "bulkhead/abi"

// An inbox is the input buffer: the only place where the host may put a request. Being reachable from a package variable
// its bytes live until the next room.
type inbox struct{ buffer []byte }

// room returns a buffer for n bytes, nil if that is more than a request may have.
func (i *inbox) room(n uint32) []byte {
	if n > abi.MaxRequest {
		return nil
	}
	if uint32(len(i.buffer)) < n || len(i.buffer) == 0 {
		i.buffer = make([]byte, max(n, abi.InputHint))
	}
	return i.buffer
}

// message returns the n bytes at p, which must be the start of the buffer.
func (i *inbox) message(p *byte, n uint32) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if len(i.buffer) == 0 || p != &i.buffer[0] || uint64(n) > uint64(len(i.buffer)) {
		return nil, errInput
	}
	return i.buffer[:n:n], nil
}
