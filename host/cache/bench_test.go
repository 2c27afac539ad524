package cache

import (
	"crypto/rand"
	"testing"
)

// A start costs what reading and authenticating costs: compare with hashing alone.
func BenchmarkGet(b *testing.B) {
	s, err := Open(Config{Dir: b.TempDir() + "/cache", Key: secret})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	code := make([]byte, 8<<20) // a Go guest's
	rand.Read(code)
	c := s.For("d")
	if c.Put("k", code); c.Get("k") == nil {
		b.Fatal("not kept")
	}
	b.Run("get", func(b *testing.B) {
		b.SetBytes(int64(len(code)))
		for b.Loop() {
			c.Get("k")
		}
	})
	b.Run("mac", func(b *testing.B) {
		b.SetBytes(int64(len(code)))
		for b.Loop() {
			mac(secret, nil, binding{}, code)
		}
	})
	b.Run("put", func(b *testing.B) {
		b.SetBytes(int64(len(code)))
		for b.Loop() {
			c.Put("k", code)
		}
	})
}
