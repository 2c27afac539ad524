package main

import (
	"encoding/json"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	var cases []tokenCase
	for _, c := range [][]tokenCase{w.goodTokens(), w.badHeaders(), w.badPayloads(), w.badSignatures()} {
		cases = append(cases, c...)
	}
	both.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(w.config); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			a, err := p.Auth(bearer(c.token))
			switch {
			case err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal != "":
				expectRefusal(t, c.name, a, c.refusal)
			default:
				expectPrincipal(t, c.name, a, c.want)
			}
		}
	})
}

func expectRefusal(t *testing.T, name string, a abi.AuthAnswer, refusal string) {
	t.Helper()
	if a.Principal != nil || a.Cacheable || !strings.Contains(a.Refused, refusal) {
		t.Errorf("%s: got %+v, want a refusal about %q", name, a, refusal)
	}
}

func expectPrincipal(t *testing.T, name string, a abi.AuthAnswer, want accepted) {
	t.Helper()
	if a.Principal == nil || !a.Cacheable {
		t.Errorf("%s: got %+v, want the cacheable principal %s", name, a, want.id)
		return
	}
	claims, err := json.Marshal(a.Principal.Claims)
	if err != nil {
		t.Fatal(err)
	}
	if got := (accepted{a.Principal.ID, a.Principal.Expires, string(claims)}); got != want {
		t.Errorf("%s: got %+v, want %+v", name, got, want)
	}
}

// Around a token that is good in every way.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	good := w.ed.token(edHeader(nil), payload(nil))
	cases := []struct {
		name    string
		change  func(*abi.AuthRequest)
		refusal string
	}{
		{"as it is", func(q *abi.AuthRequest) {}, ""},
		{"on stdio", func(q *abi.AuthRequest) { q.Transport, q.Peer = "stdio", "" }, ""},
		{"clock at its floor", func(q *abi.AuthRequest) { q.Clock = abi.ClockFloor }, ""},
		{"clock not synchronised", func(q *abi.AuthRequest) { q.Clock = abi.ClockUnsynchronised }, "not synchronised"},
		{"clock of no state", func(q *abi.AuthRequest) { q.Clock = "" }, "not synchronised"},
		{"no time", func(q *abi.AuthRequest) { q.Now = "" }, "no time"},
		{"later than exp", func(q *abi.AuthRequest) { q.Now = "2026-08-19T12:10:00Z" }, "expired"},
		{"just before exp", func(q *abi.AuthRequest) { q.Now = "2026-08-19T12:09:59.999999Z" }, ""},
		{"long before iat", func(q *abi.AuthRequest) { q.Now = "1970-01-01T00:00:10Z" }, "iat lies in the future"},
		{"no credential", func(q *abi.AuthRequest) { q.Credential = nil }, "no credential"},
		{"another scheme", func(q *abi.AuthRequest) { q.Credential.Scheme = "basic" }, `scheme is "basic"`},
		{"Bearer in capitals", func(q *abi.AuthRequest) { q.Credential.Scheme = "Bearer" }, `scheme is "Bearer"`},
		{"host with another audience", func(q *abi.AuthRequest) { q.Audience = "elsewhere" }, "another audience"},
		{"host without audience", func(q *abi.AuthRequest) { q.Audience = "" }, "names an audience"},
	}
	both.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(w.config); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			q := bearer(good)
			c.change(&q)
			a, err := p.Auth(q)
			switch {
			case err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal != "":
				expectRefusal(t, c.name, a, c.refusal)
			default:
				expectPrincipal(t, c.name, a, accepted{"dev/alice", "2026-08-19T12:10:00Z", `{"role":"operator"}`})
			}
		}
	})
}

// With anonymous, and only then, a caller without credential has a principal. A bad credential still has none.
func TestAnonymous(t *testing.T) {
	w := newWorld(t)
	w.config["anonymous"] = members{"id": "dev/guest"}
	both.Run(t, grants(), func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(w.config); err != nil {
			t.Fatal(err)
		}
		ask := func(q abi.AuthRequest) abi.AuthAnswer {
			a, err := p.Auth(q)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if lines := p.Host.Lines(); len(lines) != 1 || lines[0].Level != abi.LevelWarn || !strings.Contains(lines[0].Text, "dev/guest") {
			t.Errorf("logged %v, want a warning about anonymous callers", lines)
		}
		nobody := bearer("")
		nobody.Credential = nil
		nobody.Clock = abi.ClockUnsynchronised
		a := ask(nobody)
		if a.Principal == nil || a.Principal.ID != "dev/guest" || a.Principal.Claims != nil || a.Principal.Expires != "2026-08-19T12:05:00Z" || a.Cacheable {
			t.Errorf("without credential: got %+v", a)
		}
		expectRefusal(t, "empty token", ask(bearer("")), "parts")
		expectRefusal(t, "stranger's token", ask(bearer(w.stranger.token(edHeader(nil), payload(nil)))), "signature is wrong")
		expectRefusal(t, "token in the guest's name", ask(bearer(w.ed.token(edHeader(nil), payload(members{"sub": "guest"})))), "without credential")
	})
}
