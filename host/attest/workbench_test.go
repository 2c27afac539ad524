package attest

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the workbench makes looks like evidence to a plugin and is none to anybody.
func TestNobodyVerifiesTheWorkbench(t *testing.T) {
	s, err := NewWorkbench(config())
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.AttestPlugin(ctx, "acme/inspect", asker.Digest, asker.Call, nonce)
	if err != nil {
		t.Fatal(err)
	}
	var e Evidence
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	if e.Type != "bulkhead/workbench/v1" || e.Kind != "workbench" || e.Assurance != "none" || !strings.Contains(e.Statement, "proves nothing") {
		t.Errorf("made %s", data)
	}
	if _, err := Verify(data, expected()); err == nil {
		t.Error("it is verified as evidence")
	}
	dressed := e
	dressed.Type, dressed.Kind, dressed.Statement = Type, KindSoftware, statement
	if dressed.QualifyingData == dressed.qualify() {
		t.Error("evidence of the same fields has its qualifying data")
	}
	dressed.QualifyingData = dressed.qualify()
	text, err := dressed.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(text, expected()); err == nil {
		t.Error("it can be dressed up as evidence")
	}
	e.Signature = nil
	message, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	var whole Evidence
	if err := json.Unmarshal(data, &whole); err != nil || key.Verify(message, WorkbenchType, whole.Signature) != nil || key.Verify(message, Type, whole.Signature) == nil {
		t.Errorf("the signature is not in the workbench's context alone: %v", err)
	}
}
