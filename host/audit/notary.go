package audit

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// A notary makes the slower signature that receipts carry. It takes as long as several batches do, and a processor's whole
// attention: one signature serves all batches that have become durable since the one before, a round. It is made when
// somebody wants it, over a head that is durable.
type notary struct {
	signer *checkpoint.Signer

	signing sync.Mutex    // held while a signature is made, and before, while its round gathers
	takes   time.Duration // what one signature takes, smoothed
	rested  time.Time     // when the next may begin, unless all who are expected wait for it

	mu       sync.Mutex
	open     *round // the one that gathers, if there is one
	expected int32  // how many will want the next signature, by how many wanted those before; who is alone waits for nobody
}

const (
	// rest is the longest pause between two signatures that several want, as a multiple of what one takes: signing leaves
	// the processors to those who work.
	rest    = 4
	maxRest = 50 * time.Millisecond

	// maxRound is the number of entries after which a round gathers no more: what it holds in memory is bounded, whether
	// or not anybody wants its signature.
	maxRound = 16 * tree.Width
)

// A round is consecutive batches, proven against the head of the last.
type round struct {
	batch
	expected int32
	wanted   atomic.Int32           // by how many
	enough   chan struct{}          // closed when that is as expected
	full     chan struct{}          // closed when it gathers no more
	note     func() ([]byte, error) // the checkpoint of head. Whoever calls it first ends the gathering
}

// gather takes a batch that is durable. It returns the round of its entries, nil if none of them needs one.
func (n *notary) gather(b *batch, provable bool) *round {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.open == nil && !provable:
		return nil
	case n.open == nil:
		r := &round{batch: *b, expected: max(n.expected, 1), enough: make(chan struct{}), full: make(chan struct{})}
		r.note = sync.OnceValues(func() ([]byte, error) { return n.sign(r) })
		n.open = r
	default:
		n.open.head, n.open.seal, n.open.view.Size = b.head, b.seal, b.view.Size
		n.open.view.Hashes = append(n.open.view.Hashes, b.view.Hashes...)
	}
	r := n.open
	if len(r.view.Hashes) >= 2*maxRound { // a tree has two hashes for each entry
		n.end()
	}
	return r
}

// end has the open round gather no more.
func (n *notary) end() {
	close(n.open.full)
	n.open = nil
}

// sign makes the signature of a round, which then gathers no more.
func (n *notary) sign(r *round) ([]byte, error) {
	n.signing.Lock()
	defer n.signing.Unlock()
	select {
	case <-r.enough:
	case <-r.full:
	case <-time.After(time.Until(n.rested)):
	}
	n.mu.Lock()
	if n.open == r {
		n.end()
	}
	n.mu.Unlock()
	began := time.Now()
	note, err := n.signer.Sign(r.head, r.seal)
	ended := time.Now()
	n.takes = (7*cmp.Or(n.takes, ended.Sub(began)) + ended.Sub(began)) / 8
	n.rested = ended.Add(min(rest*n.takes, maxRest))
	n.mu.Lock()
	n.expected = max(r.wanted.Load(), n.expected*3/4)
	n.mu.Unlock()
	return note, err
}

// signed returns the checkpoint of the round's head.
func (r *round) signed() ([]byte, error) {
	if r.wanted.Add(1) == r.expected {
		close(r.enough)
	}
	return r.note()
}

// A prover implements gate.Prover for one entry.
type prover struct {
	round *round // set once the entry is durable
	index uint64
	entry string
}

// Prove implements gate.Prover.
func (p *prover) Prove() (entry, proof string, err error) {
	note, err := p.round.signed()
	if err != nil {
		return "", "", fmt.Errorf("signing the checkpoint: %w", err)
	}
	hashes, err := p.round.view.Prove(p.index)
	if err != nil {
		return "", "", fmt.Errorf("proving entry %d: %w", p.index, err)
	}
	return p.entry, string(checkpoint.Proof{Index: p.index, Hashes: hashes, Checkpoint: note}.Marshal()), nil
}

// provable reports whether a receipt of the entry carries a proof: results have receipts.
func provable(e *gate.Entry) bool { return e.Kind == gate.KindResult }
