package audit

import (
	"testing"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// checkProof checks a receipt's proof and returns the head that it stands under.
func checkProof(t testing.TB, r gate.Receipt) checkpoint.Head {
	t.Helper()
	if r.Prover == nil {
		t.Fatal("the receipt has no prover")
	}
	entry, proof, err := r.Prover.Prove()
	if err != nil {
		t.Fatal(err)
	}
	p, err := checkpoint.ParseProof([]byte(proof))
	if err != nil {
		t.Fatal(err)
	}
	head, err := testSigner(t).Verifier().Check(p, []byte(entry))
	if err != nil || hashOf([]byte(entry)) != r.Hash || p.Index != r.Index {
		t.Fatalf("proof of entry %d of %d: %v", p.Index, r.Index, err)
	}
	return head
}
