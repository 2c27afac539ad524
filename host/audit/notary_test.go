package audit

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// checked proves an entry, and returns the size of the tree that the proof is against.
func checked(t *testing.T, r gate.Receipt) uint64 {
	t.Helper()
	entry, text, err := r.Prover.Prove()
	if err != nil {
		t.Error(err)
		return 0
	}
	p, err := checkpoint.ParseProof([]byte(text))
	if err != nil {
		t.Error(err)
		return 0
	}
	head, err := testSigner(t).Verifier().Check(p, []byte(entry))
	if err != nil || p.Index != r.Index || hashOf([]byte(entry)) != r.Hash {
		t.Errorf("entry %d: %v", r.Index, err)
	}
	return head.Size
}

// One signature serves the entries of many batches, and each of them is proven.
func TestASignatureServesManyBatches(t *testing.T) {
	l := openIn(t, t.TempDir())
	mustAppend(t, l, note("before"))
	const entries = 40
	var receipts []gate.Receipt
	for i := range entries {
		receipts = append(receipts, mustAppend(t, l, result(fmt.Sprint(i))))
		mustAppend(t, l, note("between")) // in a batch that needs no signature of its own
	}
	for _, r := range receipts {
		if size := checked(t, r); size != 1+2*entries {
			t.Errorf("entry %d is proven against a tree of %d, want %d", r.Index, size, 1+2*entries)
		}
	}
	last := mustAppend(t, l, result("after"))
	if size := checked(t, last); size != last.Index+1 {
		t.Errorf("a later entry is proven against a tree of %d", size)
	}
}

func TestProofsAtTheSameTime(t *testing.T) {
	l := openIn(t, t.TempDir())
	const callers, each = 16, 10
	var mu sync.Mutex
	sizes := map[uint64]bool{}
	var group sync.WaitGroup
	for c := range callers {
		group.Go(func() {
			for i := range each {
				r, err := l.Append(ctx, result(fmt.Sprint(c, i)))
				if err != nil {
					t.Error(err)
					return
				}
				size := checked(t, r)
				mu.Lock()
				sizes[size] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(sizes) > callers*each/2 {
		t.Errorf("%d signatures for %d entries", len(sizes), callers*each)
	}
}

// Nobody waits for longer than it takes until all who are expected are there, and who is alone waits for nobody.
func TestWaitingForOthers(t *testing.T) {
	l := openIn(t, t.TempDir())
	n := &l.writer.notary
	hold := func(expected int32) {
		n.signing.Lock()
		n.rested = time.Now().Add(time.Hour)
		n.signing.Unlock()
		n.mu.Lock()
		n.expected = expected
		n.mu.Unlock()
	}
	hold(1)
	checked(t, mustAppend(t, l, result("alone")))

	hold(2)
	first, second := mustAppend(t, l, result("first")), mustAppend(t, l, result("second"))
	sizes := make(chan uint64, 2)
	go func() { sizes <- checked(t, first) }()
	select {
	case <-sizes:
		t.Fatal("it did not wait for the second")
	case <-time.After(50 * time.Millisecond):
	}
	go func() { sizes <- checked(t, second) }()
	if a, b := <-sizes, <-sizes; a != b {
		t.Errorf("two signatures: for %d and %d entries", a, b)
	}

	hold(2)
	absent := mustAppend(t, l, result("its peer never comes"))
	go func() { sizes <- checked(t, absent) }()
	for range maxRound / tree.Width {
		appendMany(t, l, tree.Width)
	}
	if size := <-sizes; size < absent.Index+maxRound || size > absent.Index+maxRound+2*tree.Width {
		t.Errorf("a round of %d entries, want some %d", size-absent.Index, maxRound)
	}
}

// What nobody wants proven is not kept.
func TestRoundsAreBounded(t *testing.T) {
	l := openIn(t, t.TempDir())
	r := mustAppend(t, l, result("not asked for yet"))
	for range 2 * maxRound / tree.Width {
		appendMany(t, l, tree.Width)
	}
	n := &l.writer.notary
	n.mu.Lock()
	open := n.open
	n.mu.Unlock()
	if open != nil {
		t.Errorf("a round of %d hashes gathers entries that need no proof", len(open.view.Hashes))
	}
	if size := checked(t, r); size < maxRound || size > maxRound+2*tree.Width {
		t.Errorf("it is proven against a tree of %d", size)
	}
}

// appendMany appends entries at the same time, that it be quick.
func appendMany(t *testing.T, l *Log, n int) {
	t.Helper()
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if _, err := l.Append(ctx, note(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
