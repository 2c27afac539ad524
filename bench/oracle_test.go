package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/tessera/client"

	"bulkhead/bench/logs"
	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// Tessera's client reads the log of a running host over HTTP, while that writes an entry for everything that is read.
func TestTesseraReadsTheHost(t *testing.T) {
	b := newBench(smallest())
	defer b.close()
	h, err := b.prepareHost(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const before = 1<<16 + 100
	v := h.fill(t, b, before)
	if err := h.start(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	r, err := logs.NewReader(t.Context(), h.fetcher(t, h.token), v.Keys().Ed25519, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.proves(t, r, before)
	if err := r.Everything(t.Context(), 2); err != nil {
		t.Error(err)
	}
	first := r.Size()
	call, err := session(h.url+"/mcp", h.token)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := call(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); r.Size() < first+40; time.Sleep(50 * time.Millisecond) {
		if err := r.Update(t.Context()); err != nil || time.Now().After(deadline) {
			t.Fatalf("the checkpoint stays at %d: %v", r.Size(), err)
		}
	}
	h.proves(t, r, first)
	if _, err := logs.NewReader(t.Context(), h.fetcher(t, "wrong"), v.Keys().Ed25519, nil); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a stranger reads the log: %v", err)
	}
}

// fill makes the host's key, and writes entries into its log before it starts.
func (h *runningHost) fill(t *testing.T, b *bench, entries int) *checkpoint.Verifier {
	t.Helper()
	folder := filepath.Join(h.folder, "keys/device")
	if _, err := keys.Create(folder, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAudit(filepath.Join(folder, "audit"+keys.PrivateSuffix))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(checkpoint.Origin("bench", key.Public()), key)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(h.folder, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(audit.Config{Dir: filepath.Join(state, audit.FolderName), Signer: signer, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, entries)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return signer.Verifier()
}

func fill(t *testing.T, l *audit.Log, entries int) {
	t.Helper()
	const callers = 256
	e := gate.Entry{Actor: "system/host", Action: "test", Resource: "x", Outcome: gate.Success, Kind: gate.KindHost, Event: gate.HostAdmin}
	x := closedLoop{callers: callers, call: func(ctx context.Context) error {
		_, err := l.Append(ctx, e)
		return err
	}}
	for l.Head().Size < uint64(entries) {
		if _, _, err := x.slice(t.Context(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *runningHost) fetcher(t *testing.T, token string) *client.HTTPFetcher {
	t.Helper()
	u, err := url.Parse(h.url + "/audit/")
	if err != nil {
		t.Fatal(err)
	}
	f, err := client.NewHTTPFetcher(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.SetAuthorizationHeader("Bearer " + token)
	return f
}

// proves proves some entries from the first on, the last among them.
func (h *runningHost) proves(t *testing.T, r *logs.Reader, first uint64) {
	t.Helper()
	for i := range 12 {
		index := r.Size() - 1
		if i > 0 {
			index = first + rand.Uint64N(r.Size()-first)
		}
		entry, err := r.Entry(t.Context(), index)
		if err != nil || !json.Valid(entry) {
			t.Errorf("entry %d is %.60q: %v", index, entry, err)
		}
	}
}
