package main

import (
	"bytes"
	"testing"
	"time"
)

// A long check says how far it is, seldom where nobody looks, and never among what machines read.
func TestVerifySaysHowFarItIs(t *testing.T) {
	var out bytes.Buffer
	p := &progress{s: &streams{err: &out}, begun: time.Now()}
	p.show(5<<20, 10<<20)
	if out.Len() != 0 {
		t.Errorf("at once: %q", out.String())
	}
	p.begun = p.begun.Add(-time.Minute)
	p.show(5<<20, 10<<20)
	p.show(6<<20, 10<<20)
	p.end()
	if out.String() != "checked 50 % of 10 MiB\n" {
		t.Errorf("after a minute: %q", out.String())
	}
	out.Reset()
	q := &progress{s: &streams{err: &out, json: true}, begun: p.begun}
	q.show(5<<20, 10<<20)
	q.end()
	if out.Len() != 0 {
		t.Errorf("for machines: %q", out.String())
	}
}
