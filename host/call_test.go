package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
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
