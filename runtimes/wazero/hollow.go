package wazero

import (
	"bytes"
	"encoding/binary"
)

// hollow returns a module with every function's code replaced by a trap: all that wazero needs of one whose code it is
// given, at a tenth of the time. It does not run what is in it. It returns nil for what is not a module.
func hollow(module []byte) []byte {
	const header, codeSection = 8, 10
	if len(module) < header {
		return nil
	}
	out := append(make([]byte, 0, len(module)/2), module[:header]...)
	for rest := module[header:]; len(rest) > 0; {
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil
		}
		end := 1 + n + int(size)
		content, whole := rest[1+n:end], rest[:end]
		if rest[0] == codeSection {
			if whole = traps(content); whole == nil {
				return nil
			}
		}
		out, rest = append(out, whole...), rest[end:]
	}
	return out
}

// trap is a body that is valid for a function of any type: no locals, unreachable, end.
const trap = "\x03\x00\x00\x0b"

// traps is a code section with as many bodies as the one with this content.
func traps(content []byte) []byte {
	bodies, n := binary.Uvarint(content)
	if n <= 0 || bodies > uint64(len(content)) {
		return nil
	}
	out := binary.AppendUvarint([]byte{10}, uint64(n)+bodies*uint64(len(trap)))
	return append(append(out, content[:n]...), bytes.Repeat([]byte(trap), int(bodies))...)
}
