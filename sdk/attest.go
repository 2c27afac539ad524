package sdk

const roomForEvidence = 8192

// Attest returns the host's signed evidence of what it is and which plugins it runs, for a nonce of abi.MinNonce to
// abi.MaxNonce bytes that the verifier chose. It needs the capability attest. When Attest returns evidence, its use is
// durable in the log.
func Attest(nonce []byte) ([]byte, error) {
	return collect(roomForEvidence, func(out []byte) int32 { return hostAttest(nonce, out) })
}
