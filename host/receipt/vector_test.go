package receipt_test

import (
	"os"
	"path/filepath"
	"testing"

	"bulkhead/host/keys"
	"bulkhead/host/receipt"
)

// A receipt that was given once stays good: this one was made when the format was, and its key is gone.
func TestVector(t *testing.T) {
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
	r, result, err := receipt.Read(read("answer.json"))
	if err != nil {
		t.Fatal(err)
	}
	params, err := receipt.ReadParams(read("request.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := receipt.Check(receipt.Config{Key: key}, r, receipt.Claims{Result: result, Params: params})
	if err != nil || !got.Signed || !got.Request || !got.Response || got.Index != 121 || got.Head.Size != 123 {
		t.Errorf("%+v, %v", got, err)
	}
}
