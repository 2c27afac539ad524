package gate

import (
	"context"
	"errors"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// says is a module that answers every request alike.
type says string

func (s says) Call(_ context.Context, dst, _ []byte) ([]byte, error) { return append(dst, s...), nil }
func (s says) Close(context.Context) error                           { return nil }

func TestPolicyWordsFailClosed(t *testing.T) {
	tests := []struct {
		name, answer string
		phase        abi.Phase
		want         abi.Decision // "" means error
	}{
		{"allow", `{"decision":"allow","reason":"r"}`, abi.PhaseBefore, abi.Allow},
		{"deny", `{"decision":"deny","reason":"r"}`, abi.PhaseBefore, abi.Deny},
		{"shouted", `{"decision":"ALLOW","reason":"r"}`, abi.PhaseBefore, ""},
		{"other case of the name", `{"Decision":"allow","reason":"r"}`, abi.PhaseBefore, ""},
		{"twice", `{"decision":"deny","decision":"allow","reason":"r"}`, abi.PhaseBefore, ""},
		{"truthy", `{"decision":true,"reason":"r"}`, abi.PhaseBefore, ""},
		{"without reason", `{"decision":"allow"}`, abi.PhaseBefore, ""},
		{"unknown member", `{"decision":"allow","reason":"r","x":1}`, abi.PhaseBefore, ""},
		{"trailing data", `{"decision":"allow","reason":"r"}{}`, abi.PhaseBefore, ""},
		{"empty", ``, abi.PhaseBefore, ""},
		{"null", `null`, abi.PhaseBefore, ""},
		{"array", `["allow"]`, abi.PhaseBefore, ""},
		{"redact too early", `{"decision":"redact","reason":"r","result":{"content":[]}}`, abi.PhaseBefore, ""},
		{"redact", `{"decision":"redact","reason":"r","result":{"content":[]}}`, abi.PhaseAfter, abi.Redact},
		{"redact with nothing", `{"decision":"redact","reason":"r"}`, abi.PhaseAfter, ""},
		{"allow with a result", `{"decision":"allow","reason":"r","result":{"content":[]}}`, abi.PhaseAfter, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &Plugin{Module: says(tt.answer)}
			a, err := p.Decide(t.Context(), abi.PolicyRequest{Phase: tt.phase})
			if a.Decision != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v", a.Decision, err)
			}
		})
	}
}

func TestToolWordsAreChecked(t *testing.T) {
	tests := []struct {
		name, answer string
		ok           bool
	}{
		{"text", `{"content":[{"type":"text","text":"hi"}]}`, true},
		{"no content", `{"content":[]}`, true},
		{"structured", `{"content":[],"structured":{"a":1}}`, true},
		{"image", `{"content":[{"type":"image","data":"aGk=","mime_type":"image/png"}]}`, true},
		{"resource", `{"content":[{"type":"resource","uri":"a:b","text":"x"}]}`, true},
		{"structured array", `{"content":[],"structured":[1]}`, false},
		{"structured null", `{"content":[],"structured":null}`, false},
		{"text with data", `{"content":[{"type":"text","data":"aGk="}]}`, false},
		{"image without type", `{"content":[{"type":"image","data":"aGk="}]}`, false},
		{"bad base64", `{"content":[{"type":"image","data":"aGk","mime_type":"image/png"}]}`, false},
		{"resource without uri", `{"content":[{"type":"resource","text":"x"}]}`, false},
		{"unknown type", `{"content":[{"type":"script"}]}`, false},
		{"meta", `{"content":[],"_meta":{"bulkhead/receipt":{}}}`, false},
		{"duplicate", `{"content":[],"content":[]}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := (&Plugin{Module: says(tt.answer)}).Run(t.Context(), abi.ToolRequest{})
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, runtimes.ErrBadOutput) {
				t.Errorf("error %v, want ok=%v", err, tt.ok)
			}
		})
	}
}

func TestAuthWordsAreChecked(t *testing.T) {
	for _, answer := range []string{`{}`, `{"principal":{"id":"a","expires":"x"},"refused":"r"}`, `{"Principal":{"id":"a","expires":"x"}}`} {
		if a, err := (&Plugin{Module: says(answer)}).Authenticate(t.Context(), abi.AuthRequest{}); err == nil {
			t.Errorf("%s was taken as %+v", answer, a)
		}
	}
}
