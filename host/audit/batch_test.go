package audit

import (
	"errors"
	"slices"
	"strings"
	"sync"
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

// Every receipt of a result proves its entry: of each batch, of each place in it, asked by many at once, and whatever became
// of the log since.
func TestReceiptsOfResultsProve(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, rotating, v.into)
	var receipts []gate.Receipt
	for range 5 {
		receipts = append(receipts, mustAppend(t, l, result("single")))
	}
	for n := range 20 {
		receipts = append(receipts, v.together(t, l, slices.Repeat([]gate.Entry{result("c")}, 2*n+1)...)...)
	}
	heads := map[uint64]checkpoint.Head{}
	for i, r := range receipts[:100] { // in one goroutine each below
		heads[uint64(i)] = checkProof(t, r)
	}
	var wg sync.WaitGroup
	for _, r := range receipts[100:] {
		wg.Go(func() { checkProof(t, r) })
	}
	wg.Wait()
	fill(t, l, 700)
	late := mustAppend(t, l, result("late"))
	mustClose(t, l)
	checkProof(t, late)
	h := read(t, dir)
	for i, r := range receipts[:100] {
		head := checkProof(t, r)
		if head != heads[uint64(i)] || !slices.Contains(h.sealed, head.Size) || head != h.headAt(t, head.Size) {
			t.Fatalf("receipt of entry %d stands under %+v", r.Index, head)
		}
		if entry, _, _ := r.Prover.Prove(); entry != h.bodies[r.Index] {
			t.Fatalf("receipt of entry %d has another entry", r.Index)
		}
	}
}

func TestOtherEntriesHaveNoProof(t *testing.T) {
	l := openIn(t, t.TempDir())
	refusal := call(gate.KindDecision, "c", gate.Failure)
	capability := note("x")
	capability.Kind = gate.KindCapability
	for _, e := range []gate.Entry{note("x"), decision("c"), refusal, capability} {
		if r := mustAppend(t, l, e); r.Prover != nil || r.Hash == "" || r.Entry == "" {
			t.Errorf("receipt of %+v: %+v", e, r)
		}
	}
}

// One slow signature covers all receipts of a batch.
func TestABatchIsSignedOnce(t *testing.T) {
	var v valve
	l := openIn(t, t.TempDir(), v.into)
	receipts := v.together(t, l, slices.Repeat([]gate.Entry{result("c")}, 10)...)
	notes := map[string]bool{}
	for _, r := range receipts {
		_, proof, err := r.Prover.Prove()
		if err != nil {
			t.Fatal(err)
		}
		_, note, _ := strings.Cut(proof, "\n\n")
		notes[note] = true
	}
	if len(notes) != 1 {
		t.Errorf("%d checkpoints for one batch", len(notes))
	}
}

func TestARefusedEntryLeavesTheBatchAsItIs(t *testing.T) {
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	open := v.shut(t, l)
	large := result("large")
	large.Reason = strings.Repeat("x", MaxEntry)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if i%3 == 0 {
				if _, err := l.Append(ctx, large); !errors.Is(err, ErrTooLarge) {
					t.Error(err)
				}
				return
			}
			checkProof(t, mustAppend(t, l, result("c")))
		})
	}
	eventually(t, func() bool { return len(l.queue) == 30 })
	open()
	wg.Wait()
	mustClose(t, l)
	if h := read(t, dir); h.size() != 21 || !slices.Equal(h.sealed, []uint64{1, 21}) {
		t.Errorf("seals at %v", h.sealed)
	}
}
