package keys

import (
	"fmt"
	"slices"
)

// A Purpose is the one thing a key pair is for. A key read for another purpose than its own is refused.
type Purpose string

// The purposes. Token keys are plain Ed25519, audit keys three key pairs (AuditKey), witness keys two (WitnessKey), all
// others composite.
const (
	Publisher Purpose = "publisher" // signs bundles
	Operator  Purpose = "operator"  // signs manifests
	Token     Purpose = "token"     // signs the tokens of callers
	Evidence  Purpose = "evidence"  // signs a device's evidence
	Audit     Purpose = "audit"     // signs a device's log
	Sign      Purpose = "sign"      // is lent to one plugin's one sign slot
	Witness   Purpose = "witness"   // cosigns the checkpoints of others' logs
)

// Purposes returns every purpose.
func Purposes() []Purpose {
	return []Purpose{Publisher, Operator, Token, Evidence, Audit, Sign, Witness}
}

// ParsePurpose finds a purpose by its exact name.
func ParsePurpose(name string) (Purpose, error) {
	if p := Purpose(name); slices.Contains(Purposes(), p) {
		return p, nil
	}
	return "", fmt.Errorf("unknown key purpose %q, want one of %v", name, Purposes())
}

// AlgorithmEdDSA is the name of plain Ed25519 in key files and tokens (RFC 8037).
const AlgorithmEdDSA = "EdDSA"

func (p Purpose) algorithm() string {
	switch p {
	case Token:
		return AlgorithmEdDSA
	case Audit:
		return AlgorithmAudit
	case Witness:
		return AlgorithmWitness
	}
	return Algorithm
}
