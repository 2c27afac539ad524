package audit

import (
	"fmt"
	"sync"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// A batch is what one write and one fsync made durable. Its seal is signed before; the slower signature that receipts
// carry is made once, when somebody wants it.
type batch struct {
	head checkpoint.Head
	view tree.View
	note func() ([]byte, error) // the signed checkpoint of head
}

func newBatch(signer *checkpoint.Signer, head checkpoint.Head, seal []byte, view tree.View) *batch {
	return &batch{head, view, sync.OnceValues(func() ([]byte, error) { return signer.Sign(head, seal) })}
}

// A prover implements gate.Prover for one entry of a batch.
type prover struct {
	batch *batch // set once the entry is durable
	index uint64
	entry string
}

// Prove implements gate.Prover.
func (p *prover) Prove() (entry, proof string, err error) {
	hashes, err := p.batch.view.Prove(p.index)
	if err != nil {
		return "", "", fmt.Errorf("proving entry %d: %w", p.index, err)
	}
	note, err := p.batch.note()
	if err != nil {
		return "", "", fmt.Errorf("signing the checkpoint: %w", err)
	}
	return p.entry, string(checkpoint.Proof{Index: p.index, Hashes: hashes, Checkpoint: note}.Marshal()), nil
}

// provable reports whether a receipt of the entry carries a proof: results have receipts.
func provable(e *gate.Entry) bool { return e.Kind == gate.KindResult }
