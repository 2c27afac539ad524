package sdk

import "bulkhead/abi"

// collect makes one call that answers into a buffer of room bytes. Where the answer is longer the host keeps it, and
// result gives the rest: no signature, quote or inference is made twice for want of space.
func collect(room int, call func(out []byte) int32) ([]byte, error) {
	out := make([]byte, room)
	n := call(out)
	if n < 0 {
		return nil, abi.Errno(n)
	}
	if int(n) <= room {
		return out[:n:n], nil
	}
	whole := make([]byte, n)
	copy(whole, out)
	rest := whole[room:]
	switch left := hostResult(uint32(room), rest); {
	case left < 0:
		return nil, abi.Errno(left)
	case int(left) != len(rest):
		return nil, abi.ErrInternal
	}
	return whole, nil
}
