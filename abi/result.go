package abi

import "fmt"

// A Result is what handle and configure return, as one i64: address << 32 | failed << 31 | length.
type Result struct {
	Address uint32 // ignored if Length is 0
	Length  uint32 // at most 1<<31 - 1
	Failed  bool   // the bytes are an error's text
}

const failedBit = 1 << 31

// ParseResult unpacks r. Every i64 is some Result; Check says whether it is a good one.
func ParseResult(r uint64) Result {
	return Result{Address: uint32(r >> 32), Length: uint32(r) &^ failedBit, Failed: r&failedBit != 0}
}

// Pack is the inverse of ParseResult.
func (r Result) Pack() uint64 {
	low := r.Length &^ failedBit
	if r.Failed {
		low |= failedBit
	}
	return uint64(r.Address)<<32 | uint64(low)
}

// Check reports whether the bytes lie inside a memory of that many bytes and are no more than they may be: limit bytes
// of an answer, MaxGuestError bytes of an error's text.
func (r Result) Check(memory, limit uint64) error {
	if r.Failed {
		limit = MaxGuestError
	}
	switch {
	case r.Length == 0:
		return nil
	case uint64(r.Length) > limit:
		return fmt.Errorf("answer of %d bytes, at most %d allowed", r.Length, limit)
	case uint64(r.Address)+uint64(r.Length) > memory:
		return fmt.Errorf("answer of %d bytes at %d lies outside a memory of %d", r.Length, r.Address, memory)
	}
	return nil
}
