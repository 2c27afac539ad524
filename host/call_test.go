package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"bulkhead/host/gateway"
)

// A token belongs to the host that it was sent to, wherever that one points.
func TestTheTokenFollowsNoRedirect(t *testing.T) {
	var leaked atomic.Bool
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked.Store(true)
	}))
	defer thief.Close()
	host := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer host.Close()
	t.Setenv("BULKHEAD_TOKEN", "secret")
	var out, errOut strings.Builder
	if c := execute(t.Context(), []string{"call", "--url", host.URL, "--list"}, strings.NewReader(""), &out, &errOut); c == exitOK {
		t.Errorf("exit 0: %s", out.String())
	}
	if leaked.Load() {
		t.Error("the client went where it was sent")
	}
}

// A host that cannot serve says where to look: the one that turns a request away, and the one that answers it.
func TestTheClientHearsOfAHostThatCannotServe(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":-32011,"message":"not available"}}`)
	}))
	defer host.Close()
	var out, errOut strings.Builder
	c := execute(t.Context(), []string{"call", "--url", host.URL, "--list"}, strings.NewReader(""), &out, &errOut)
	if c != exitFailure || !strings.Contains(errOut.String(), "hint: "+seeStatus) {
		t.Errorf("exit %d: %s", c, errOut.String())
	}
	err := explainWire(&jsonrpc.Error{Code: gateway.CodeUnavailable, Message: "not available", Data: []byte(`{"call":"c1"}`)})
	if code(err) != exitFailure || hint(err) != seeStatus || !strings.Contains(err.Error(), "call c1") {
		t.Errorf("exit %d, %v", code(err), err)
	}
}
