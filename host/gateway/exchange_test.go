package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/host/gate"
)

// ran is a Runner that tells whether it ran.
func ran(did *bool) gate.Runner {
	return runner(func(context.Context, *gate.Caller) (json.RawMessage, error) { *did = true; return nil, nil })
}

// A caller whose time ran out on the way is asked for again, and must still be the same.
func TestCallerMustStayTheSame(t *testing.T) {
	w := newWorld(t, nil)
	x := &exchange{server: w.Server, principal: "alice", peer: t.Context(), call: newCall("bob")}
	did := false
	if _, err := x.do(t.Context(), ran(&did)); did || err == nil || refusalOf(err).err.Code != CodeFailed {
		t.Errorf("bob ran as alice: %v", err)
	}
	if x.call.Credential != nil {
		t.Error("the credential is still there")
	}
}

func TestOnceOnly(t *testing.T) {
	w := newWorld(t, nil)
	x := &exchange{server: w.Server, peer: t.Context(), call: newCall("bob")}
	did := false
	if _, err := x.do(t.Context(), ran(&did)); err != nil || !did {
		t.Fatal(err)
	}
	did = false
	if _, err := x.do(t.Context(), ran(&did)); !errors.Is(err, errClaimed) || did {
		t.Errorf("twice: %v", err)
	}
}

// What reaches the middleware without an exchange is refused.
func TestNoExchange(t *testing.T) {
	w := newWorld(t, nil)
	next := func(context.Context, string, mcp.Request) (mcp.Result, error) {
		t.Error("it went on")
		return nil, nil
	}
	for _, req := range []mcp.Request{
		&mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Name: "echo"}},
		&mcp.InitializedRequest{Extra: &mcp.RequestExtra{TokenInfo: (&exchange{msg: &message{method: "notifications/initialized"}}).tokenInfo()}},
	} {
		if _, err := w.receive(next)(t.Context(), "notifications/initialized", req); err == nil {
			t.Error("it was answered")
		}
	}
}

func TestHeldWriter(t *testing.T) {
	r := httptest.NewRecorder()
	h := newHeldWriter(r)
	h.Header().Set("A", "1")
	h.WriteHeader(404)
	h.Write([]byte("one "))
	if h.FlushError(); r.Body.Len() != 0 || r.Flushed || len(r.Header()) != 0 {
		t.Error("not held")
	}
	h.release()
	h.Write([]byte("two "))
	if r.Code != 404 || r.Body.String() != "one two " || r.Header().Get("A") != "1" {
		t.Error(r)
	}
	h.end()
	if _, err := h.Write([]byte("three")); err == nil || r.Body.String() != "one two " {
		t.Error("written after the request's end")
	}
	h = newHeldWriter(r)
	if n, err := h.Write(make([]byte, maxHeld+1)); err == nil || n != 0 {
		t.Error("more is held than may be")
	}
}

// The library never sees a token.
func TestTokenStaysHere(t *testing.T) {
	r := httptest.NewRequest("POST", "/mcp", nil)
	r.Header.Set("Authorization", "Bearer secret")
	if got := new(exchange).admitted(r).Header.Get("Authorization"); got == "Bearer secret" {
		t.Error("it does")
	}
}
