package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
)

// A file is, in this order: magic with the version, the length of the code (8 bytes, big-endian), the hash of the
// binding, the code, and the HMAC-SHA-256 of all before and of the binding itself.
const (
	magic      = "bulkhead/cache/1"
	hashSize   = sha256.Size
	headerSize = len(magic) + 8 + hashSize
)

// The reasons to refuse a file's content. The first two are told without the key, by whoever cut or renamed a file
// without care; the last is what an attacker hears.
var (
	errForm    = errors.New("not a file of this version, or cut")
	errBinding = errors.New("a file of another plugin or another engine")
	errMAC     = errors.New("its MAC does not match")
)

// A binding is what code is for.
type binding struct{ plugin, key string }

// hash is SHA-256 over the binding, each part with its length: no two bindings have the same bytes.
func (b binding) hash() [hashSize]byte {
	h := sha256.New()
	parts(h, []byte(magic), []byte(b.plugin), []byte(b.key))
	return [hashSize]byte(h.Sum(nil))
}

// name is the name of the binding's file.
func (b binding) name() string {
	h := b.hash()
	return hex.EncodeToString(h[:])
}

// parts writes each part with its length before it.
func parts(h hash.Hash, all ...[]byte) {
	for _, p := range all {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
}

// seal makes the content of code's file.
func seal(key [32]byte, b binding, code []byte) []byte {
	id := b.hash()
	head := binary.BigEndian.AppendUint64([]byte(magic), uint64(len(code)))
	head = append(head, id[:]...)
	return slices.Concat(head, code, mac(key, head, b, code))
}

// unseal returns the code in data, a part of data itself, or why it is none that seal made under key for b.
func unseal(key [32]byte, b binding, data []byte) ([]byte, error) {
	if len(data) < headerSize+hashSize || string(data[:len(magic)]) != magic {
		return nil, errForm
	}
	head, code, sum := data[:headerSize], data[headerSize:len(data)-hashSize], data[len(data)-hashSize:]
	if binary.BigEndian.Uint64(head[len(magic):]) != uint64(len(code)) {
		return nil, errForm
	}
	id := b.hash()
	if string(head[len(magic)+8:]) != string(id[:]) {
		return nil, errBinding
	}
	if !hmac.Equal(sum, mac(key, head, b, code)) {
		return nil, errMAC
	}
	return slices.Clip(code), nil
}

func mac(key [32]byte, head []byte, b binding, code []byte) []byte {
	h := hmac.New(sha256.New, key[:])
	parts(h, head, []byte(b.plugin), []byte(b.key), code)
	return h.Sum(nil)
}
