package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"bulkhead/host/gate"
)

type fakeLog struct{ w *world }

func (f fakeLog) Append(_ context.Context, e gate.Entry) (gate.Receipt, error) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	if f.w.failLog {
		return gate.Receipt{}, errors.New("disk full at /secret/path")
	}
	if e.Event.Class() == string(e.Event) {
		return gate.Receipt{}, fmt.Errorf("an entry of no event: %+v", e)
	}
	if f.w.log != nil {
		f.w.mu.Unlock() // or callers would wait for each other's device
		defer f.w.mu.Lock()
		return f.w.log.Append(context.Background(), e)
	}
	f.w.entries = append(f.w.entries, e)
	r := gate.Receipt{Entry: e.Call, Index: uint64(len(f.w.entries) - 1), Hash: strings.Repeat("ab", 32)}
	if f.w.prover != nil {
		text, err := json.Marshal(e)
		if err != nil {
			return gate.Receipt{}, err
		}
		r.Prover = f.w.prover(string(text))
	}
	return r, nil
}

// Wants leaves out what no test here looks at: this auth plugin is asked for every request.
func (fakeLog) Wants(e gate.Event) bool { return e != gate.AuthSuccess && e != gate.CapabilityInfer }

// fakeProof is a text of the right form, about nothing.
const fakeProof = "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\norigin\n2\nBBBB\n\n— origin CCCC\n"

// fakeProver gives fakeProof, or its error.
type fakeProver struct {
	entry string
	err   error
}

func (p fakeProver) Prove() (entry, proof string, err error) { return p.entry, fakeProof, p.err }
