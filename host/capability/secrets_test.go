package capability

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

func TestSign(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	out, err := b.Capability(within(), abi.Sign, 1, []byte("dst:"), []byte("message"))
	if err != nil || string(out) != "dst:sig(bulkhead/sign/v1/acme/inspect/other,message)" {
		t.Fatalf("%q, %v", out, err)
	}
	e := h.log.entries[0]
	want := signDetail{"bulkhead/sign/v1/acme/inspect/other", hexB, digest([]byte("message"))}
	var got signDetail
	if err := json.Unmarshal(e.Detail, &got); err != nil || got != want {
		t.Errorf("detail %s, %v", e.Detail, err)
	}
	wantEntry(t, e, "alice", "sign", "other")
}

func wantEntry(t *testing.T, e gate.Entry, actor, action, resource string) {
	t.Helper()
	if e.Kind != gate.KindCapability || e.Actor != actor || e.Action != action || e.Resource != resource || e.Call != "call-1" ||
		e.TraceID != strings.Repeat("c", 32) || e.Parent != strings.Repeat("d", 16) || len(e.Plugins) != 1 ||
		e.Plugins[0] != (gate.PluginRef{Alias: "inspect", Digest: hexA, Backend: "wazero/process"}) {
		t.Errorf("entry %+v", e)
	}
}

func TestSignRefuses(t *testing.T) {
	b := newHouse().bind(t)
	for _, c := range []struct {
		name string
		slot uint32
		in   []byte
		want error
	}{
		{"slot without key", 2, []byte("x"), abi.ErrNotFound},
		{"slot far away", 1<<32 - 1, []byte("x"), abi.ErrNotFound},
		{"message too long", 0, make([]byte, abi.MaxSignInput+1), abi.ErrLimit},
	} {
		if out, err := b.Capability(within(), abi.Sign, c.slot, nil, c.in); !errors.Is(err, c.want) || len(out) != 0 {
			t.Errorf("%s: %q, %v", c.name, out, err)
		}
	}
	if _, err := b.Capability(within(), abi.Sign, 0, nil, make([]byte, abi.MaxSignInput)); err != nil {
		t.Errorf("largest message: %v", err)
	}
	if _, err := b.Capability(within(), abi.Sign, 0, nil, nil); err != nil {
		t.Errorf("empty message: %v", err)
	}
}

func TestAttest(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	nonce := []byte("0123456789abcdef")
	out, err := b.Capability(within(), abi.Attest, 7, []byte("dst:"), nonce)
	evidence := "evidence(acme/inspect,aaaa,call-1,0123456789abcdef)"
	if err != nil || string(out) != "dst:"+evidence {
		t.Fatalf("%q, %v", out, err)
	}
	wantEntry(t, h.log.entries[0], "alice", "attest", "acme/inspect")
	var got attestDetail
	if err := json.Unmarshal(h.log.entries[0].Detail, &got); err != nil || got != (attestDetail{digest(nonce), digest([]byte(evidence))}) {
		t.Errorf("detail %+v, %v", got, err)
	}
	for _, n := range []int{0, abi.MinNonce - 1, abi.MaxNonce + 1} {
		if _, err := b.Capability(within(), abi.Attest, 0, nil, make([]byte, n)); !errors.Is(err, abi.ErrInvalid) {
			t.Errorf("nonce of %d bytes: %v", n, err)
		}
	}
	if _, err := b.Capability(within(), abi.Attest, 0, nil, make([]byte, abi.MaxNonce)); err != nil {
		t.Errorf("longest nonce: %v", err)
	}
}

// The output of a secret enters the guest's buffer only once the entry is durable, and not at all if it cannot be.
func TestOutputWaitsForTheEntry(t *testing.T) {
	for _, c := range []abi.Capability{abi.Sign, abi.Attest} {
		h := newHouse()
		b := h.bind(t)
		buffer := make([]byte, 256)
		untouched := make([]byte, 256)
		h.log.hook = func() {
			if !bytes.Equal(buffer, untouched) {
				t.Errorf("%s: the guest saw the output before its entry was durable", c)
			}
		}
		if _, err := b.Capability(within(), c, 0, buffer[:0], inputs[c]); err != nil || bytes.Equal(buffer, untouched) {
			t.Errorf("%s: %v, buffer %q", c, err, buffer)
		}
		clear(buffer)
		h.log.err = errDisk
		out, err := b.Capability(within(), c, 0, buffer[:0], inputs[c])
		if !errors.Is(err, abi.ErrUnavailable) || len(out) != 0 || !bytes.Equal(buffer, untouched) {
			t.Errorf("%s without a log: %q, %v", c, out, err)
		}
	}
}

func TestFailedUseOfASecretIsRecorded(t *testing.T) {
	for _, c := range []abi.Capability{abi.Sign, abi.Attest} {
		h := newHouse()
		h.config.Keys[0].Signer, h.config.Attester = signer{errors.New("key \n broke")}, attester{errors.New("key \n broke")}
		out, err := h.bind(t).Capability(within(), c, 0, nil, inputs[c])
		var errno abi.Errno
		if !errors.As(err, &errno) || errno != abi.ErrInternal || len(out) != 0 {
			t.Errorf("%s: %q, %v", c, out, err)
		}
		if e := h.log.entries[0]; e.Outcome != gate.Failure || e.Reason != `key \n broke` {
			t.Errorf("%s: entry %+v", c, e)
		}
	}
}

// scribbler changes the guest's memory while it signs.
type scribbler struct{ memory []byte }

func (s scribbler) Sign(message []byte, _ string) ([]byte, error) {
	copy(s.memory, "changed")
	return bytes.Clone(message), nil
}

// The message is copied: whatever happens to the guest's memory meanwhile changes neither what is signed nor recorded.
func TestMessageIsTakenOnce(t *testing.T) {
	h := newHouse()
	memory := []byte("message")
	h.config.Keys[0].Signer = scribbler{memory}
	out, err := h.bind(t).Capability(within(), abi.Sign, 0, memory[:0], memory)
	if err != nil || string(out) != "message" {
		t.Errorf("%q, %v", out, err)
	}
	var got signDetail
	if err := json.Unmarshal(h.log.entries[0].Detail, &got); err != nil || got.Message != digest([]byte("message")) {
		t.Errorf("recorded %+v, %v", got, err)
	}
}

func TestAudit(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	object := []byte(`{"actor":"root","id":"1","timestamp":"2001-01-01T00:00:00Z","kind":"result","call":"x"}`)
	if out, err := b.Capability(within(), abi.Audit, 0, []byte("dst"), object); err != nil || string(out) != "dst" {
		t.Fatalf("%q, %v", out, err)
	}
	e := h.log.entries[0]
	wantEntry(t, e, "plugin/inspect", "audit", "acme/inspect")
	if e.ID != "" || e.Timestamp != "" || string(e.Detail) != string(object) || e.Outcome != gate.Success {
		t.Errorf("the guest set a field: %+v", e)
	}
	copy(object, `{"actor":"evil"`)
	if strings.Contains(string(h.log.entries[0].Detail), "evil") {
		t.Error("the entry shares the guest's memory")
	}
	h.log.err = errDisk
	if _, err := b.Capability(within(), abi.Audit, 0, nil, object); !errors.Is(err, abi.ErrUnavailable) {
		t.Errorf("without a log: %v", err)
	}
}

func TestAuditRefuses(t *testing.T) {
	h := newHouse()
	b := h.bind(t)
	largest := `{"a":"` + strings.Repeat("x", abi.MaxAuditObject-8) + `"}`
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"nothing", "", abi.ErrInvalid},
		{"spaces", "  ", abi.ErrInvalid},
		{"null", "null", abi.ErrInvalid},
		{"array", "[]", abi.ErrInvalid},
		{"string", `"{}"`, abi.ErrInvalid},
		{"two values", `{}{}`, abi.ErrInvalid},
		{"trailing data", `{} x`, abi.ErrInvalid},
		{"duplicate name", `{"a":1,"a":2}`, abi.ErrInvalid},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", abi.ErrInvalid},
		{"lone surrogate", `{"a":"\ud800"}`, abi.ErrInvalid},
		{"NaN", `{"a":NaN}`, abi.ErrInvalid},
		{"raw newline", "{\"a\":\"\n\"}", abi.ErrInvalid},
		{"too deep", `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, abi.ErrInvalid},
		{"too large", largest + " ", abi.ErrLimit},
	} {
		if _, err := b.Capability(within(), abi.Audit, 0, nil, []byte(c.in)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if len(h.log.entries) != 0 {
		t.Errorf("entries of refused objects: %+v", h.log.entries)
	}
	if _, err := b.Capability(within(), abi.Audit, 0, nil, []byte(largest)); err != nil {
		t.Errorf("largest object: %v", err)
	}
}
