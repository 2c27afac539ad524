package capability

import (
	"bytes"
	"context"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// An Attester makes evidence about this host. It is safe for concurrent use.
type Attester interface {
	// AttestPlugin makes evidence that the named plugin asked for in the named call. The evidence says so: a plugin
	// cannot obtain what looks like an operator's or another plugin's.
	AttestPlugin(ctx context.Context, name, digest, call string, nonce []byte) ([]byte, error)
}

type attestDetail struct {
	Nonce    string `json:"nonce"`              // SHA-256 in hex
	Evidence string `json:"evidence,omitempty"` // SHA-256 in hex
}

func (b *Binding) attest(ctx context.Context, r *gate.Running, dst, in []byte) ([]byte, error) {
	if err := b.spend(abi.Attest, 1); err != nil {
		return dst, err
	}
	if len(in) < abi.MinNonce || len(in) > abi.MaxNonce {
		return dst, abi.ErrInvalid
	}
	nonce := bytes.Clone(in)
	use := attestDetail{Nonce: digest(nonce)}
	evidence, err := b.Attester.AttestPlugin(ctx, b.Name, b.Digest, r.Call, nonce)
	if err == nil {
		use.Evidence = digest(evidence)
	}
	e := b.entry(r, abi.Attest, gate.CapabilityAttest)
	e.Resource = b.Name
	return b.deliver(ctx, e, use, dst, evidence, err)
}
