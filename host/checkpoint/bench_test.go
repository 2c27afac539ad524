package checkpoint

import (
	"testing"
	"time"
)

// What a batch, a receipt and a published checkpoint cost, beside what a client pays to check one.
func BenchmarkSeal(b *testing.B) {
	s, h := newSigner(b, origin, newKey(b)), head(1000)
	for b.Loop() {
		s.Seal(h)
	}
}

func BenchmarkSign(b *testing.B) {
	s, h := newSigner(b, origin, newKey(b)), head(1000)
	seal := s.Seal(h)
	for b.Loop() {
		if _, err := s.Sign(h, seal); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	s, h := newSigner(b, origin, newKey(b)), head(1000)
	signed := sign(b, s, h)
	for b.Loop() {
		if _, err := s.Publish(signed, time.Unix(1, 0)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s := newSigner(b, origin, newKey(b))
	signed := sign(b, s, head(1000))
	for b.Loop() {
		if _, err := s.Verifier().Open(signed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignEntry(b *testing.B) {
	s := newSigner(b, origin, newKey(b))
	body := make([]byte, 400)
	for b.Loop() {
		if _, err := s.SignEntry(body); err != nil {
			b.Fatal(err)
		}
	}
}
