package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// A seal ends a batch. Its line is
//
//	seal SIZE ROOT SIG
//
// with the tree's size in decimal, its root hash in base64, and in base64 the Ed25519 signature of the checkpoint of that
// size: the very signature of the checkpoint's Ed25519 line (c2sp.org/signed-note, without the key id in front). It is in
// the same write and the same fsync as the entries that it covers, so every entry that was acknowledged is signed.
type seal struct {
	size uint64
	root tlog.Hash
	sig  [ed25519.SignatureSize]byte
}

const (
	sealWord = "seal "
	maxSeal  = len(sealWord) + 20 + 1 + 44 + 1 + 88
)

var errSeal = errors.New("the line is not a seal")

// appendSeal appends the line of s, without a newline.
func appendSeal(dst []byte, s seal) []byte {
	dst = append(dst, sealWord...)
	dst = strconv.AppendUint(dst, s.size, 10)
	dst = append(dst, ' ')
	dst = base64.StdEncoding.AppendEncode(dst, s.root[:])
	dst = append(dst, ' ')
	return base64.StdEncoding.AppendEncode(dst, s.sig[:])
}

// isSeal reports whether a line wants to be a seal. No entry begins so: a hash has no "s".
func isSeal(line []byte) bool { return bytes.HasPrefix(line, []byte(sealWord)) }

// parseSeal reads a seal's line without its newline. It takes the one spelling that appendSeal gives: there is no bit in
// the line that could be flipped and still mean the same.
func parseSeal(line []byte) (seal, error) {
	if len(line) > maxSeal || !isSeal(line) {
		return seal{}, errSeal
	}
	parts := bytes.Split(line[len(sealWord):], []byte(" "))
	if len(parts) != 3 {
		return seal{}, errSeal
	}
	var s seal
	var err error
	if s.size, err = strconv.ParseUint(string(parts[0]), 10, 64); err != nil {
		return seal{}, errSeal
	}
	for i, dst := range [][]byte{s.root[:], s.sig[:]} {
		data, err := base64.StdEncoding.AppendDecode(nil, parts[i+1])
		if err != nil || len(data) != len(dst) {
			return seal{}, errSeal
		}
		copy(dst, data)
	}
	if !bytes.Equal(appendSeal(nil, s), line) {
		return seal{}, errSeal
	}
	return s, nil
}
