package sdk

const roomForSignature = 4096 // a composite ML-DSA-65 + Ed25519 signature has 3,373 bytes

// Sign signs message, at most abi.MaxSignInput bytes, with the key at position key of the descriptor's keys. The key
// never enters the sandbox; each plugin and slot has its own. It needs the capability sign. When Sign returns a
// signature, its use is durable in the log.
func Sign(key uint32, message []byte) ([]byte, error) {
	return collect(roomForSignature, func(out []byte) int32 { return hostSign(key, message, out) })
}
