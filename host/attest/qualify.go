package attest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// qualify returns what binds the evidence to this answer: SHA-256 over the fields type, requester (who, digest, call),
// nonce, public key, log origin, size (8 bytes) and root, each behind its length in 8 bytes, big-endian. A TPM quote
// takes the same value.
func (e *Evidence) qualify() string {
	size := binary.BigEndian.AppendUint64(nil, e.Log.Size)
	h := sha256.New()
	for _, field := range [][]byte{
		[]byte(e.Type), []byte(e.Requester.Who), []byte(e.Requester.Digest), []byte(e.Requester.Call), e.Nonce, e.PublicKey,
		[]byte(e.Log.Origin), size, []byte(e.Log.Root),
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write(field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func keyID(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:])
}
