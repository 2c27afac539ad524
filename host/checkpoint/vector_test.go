package checkpoint

import (
	"os"
	"path/filepath"
	"testing"

	"bulkhead/host/keys"
)

// What a log signed once stays good: these were made when the format was, and their key is gone.
func TestVectors(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	public := filepath.Join(t.TempDir(), "audit.pub") // a checkout may be writable by its group
	if err := os.WriteFile(public, read("audit.pub"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := keys.ReadAuditPublic(public)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(Origin("press-7", key), key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := v.Open(read("checkpoint"))
	if err != nil || h.Size != 123 {
		t.Errorf("%+v, %v", h, err)
	}
	p, err := ParseProof(read("entry.tlog-proof"))
	if err != nil {
		t.Fatal(err)
	}
	entry := read("entry.json")
	if got, err := v.Check(p, entry); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
	body, sig, err := WithoutSignature(entry)
	if err != nil || sig == nil || v.Entry(body, sig) != nil {
		t.Errorf("the entry's signature: %v", err)
	}
}
