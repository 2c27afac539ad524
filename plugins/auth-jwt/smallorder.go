package main

import (
	"bytes"
	"encoding/hex"
)

// smallOrder reports whether the encoded point of edwards25519 has an order that divides 8. crypto/ed25519 takes such a
// key, and then signatures that need no private key verify under it. With the sign bit cleared there are seven encodings,
// the last two of them not canonical.
func smallOrder(point []byte) bool {
	p := bytes.Clone(point)
	p[31] &= 0x7f
	for _, small := range smallOrderPoints() {
		if hex.EncodeToString(p) == small {
			return true
		}
	}
	return false
}

func smallOrderPoints() []string {
	return []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}
}
