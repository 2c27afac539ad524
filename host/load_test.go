package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"bulkhead/host/bundle"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
)

// diary is a backend that notes what happens. Its modules answer "yes", or fail.
type diary struct {
	notes []string
	fail  error
}

func (d *diary) notef(format string, a ...any) { d.notes = append(d.notes, fmt.Sprintf(format, a...)) }

func (d *diary) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	d.notef("load stateful=%t", p.Stateful)
	return page{d}, nil
}

func (d *diary) Close(context.Context) error { return nil }

type page struct{ *diary }

func (p page) Call(_ context.Context, dst, _ []byte) ([]byte, error) {
	p.notef("call")
	return append(dst, `"yes"`...), p.fail
}

func (p page) Close(context.Context) error {
	p.notef("close")
	return nil
}

// Callers of a stateful plugin must not meet what its self-tests left behind.
func TestSelfTestsLeaveNothingBehind(t *testing.T) {
	tested := &bundle.Contents{SelfTests: []bundle.SelfTest{{Input: []byte("{}"), Expect: []byte(`"yes"`)}}}
	wrong := &bundle.Contents{SelfTests: []bundle.SelfTest{{Input: []byte("{}"), Expect: []byte(`"no"`)}}}
	for _, tt := range []struct {
		name     string
		stateful bool
		b        *bundle.Contents
		fail     error
		want     []string
		hint     string
	}{
		{"clean", false, tested, nil, []string{"load stateful=false", "call"}, ""},
		{"stateful", true, tested, nil, []string{"load stateful=false", "call", "close", "load stateful=true"}, ""},
		{"wrong answer", false, wrong, nil, []string{"load stateful=false", "call", "close"}, "the plugin does not do here what its author saw it do"},
		{"wrong answer of a stateful one", true, wrong, nil, []string{"load stateful=false", "call", "close"}, "the plugin does not do here what its author saw it do"},
		{"limit", false, tested, fmt.Errorf("fuel: %w", runtimes.ErrLimit), []string{"load stateful=false", "call", "close"}, moreRoom},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &diary{fail: tt.fail}
			m, err := admit(t.Context(), d, runtimes.Program{Name: "x", Stateful: tt.stateful}, tt.b)
			if (err == nil) != (tt.hint == "") || (err == nil) != (m != nil) || err != nil && (code(err) != exitRefused || hint(err) != tt.hint) {
				t.Errorf("%v, %v", m, err)
			}
			if !slices.Equal(d.notes, tt.want) {
				t.Errorf("got %q, want %q", d.notes, tt.want)
			}
		})
	}
}

func TestLoaderOpensOneBackendForEachPlacement(t *testing.T) {
	s := &system{Manifest: &manifest.Manifest{}}
	for _, at := range []placement{{engine: "wazero", isolation: "process"}, {engine: "wazero", isolation: "inline"}, {engine: "wazero", isolation: "process"}} {
		p := &plugin{}
		p.Backend, p.Isolation = at.engine, at.isolation
		s.plugins = append(s.plugins, p)
	}
	l := newLoader(s, noLog{}, nil, nil)
	if err := l.open(); err != nil || len(l.backends) != 2 {
		t.Errorf("%d backends, %v", len(l.backends), err)
	}
	bad := &plugin{}
	bad.Backend, bad.Isolation = "v8", "process"
	s.plugins = append(s.plugins, bad)
	if err := l.open(); err == nil || code(err) != exitRefused || !errors.As(err, new(*exitError)) {
		t.Errorf("a backend that this binary has not: %v", err)
	}
	if err := l.close(t.Context()); err != nil {
		t.Error(err)
	}
}
