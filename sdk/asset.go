package sdk

import "bulkhead/abi"

// Asset returns the whole file at position slot of the descriptor's assets. It needs no capability. Read assets in the
// handler given to Configure: what it makes of them becomes part of the snapshot, and calls pay nothing.
func Asset(slot uint32) ([]byte, error) {
	n := hostRead(slot, 0, nil)
	if n < 0 {
		return nil, abi.Errno(n)
	}
	whole := make([]byte, n)
	switch got := hostRead(slot, 0, whole); {
	case got < 0:
		return nil, abi.Errno(got)
	case got != n:
		return nil, abi.ErrInternal
	}
	return whole, nil
}
