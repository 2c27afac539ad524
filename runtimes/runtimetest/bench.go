package runtimetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// Benchmark measures the backends that open returns: a call that does nothing and one that answers its request, on the
// same instance (stateful) and each on a clean one, for small guests and one of stock Go; what one host function costs
// a guest, what a new instance for each call costs, and what loading does.
func Benchmark(b *testing.B, open func() runtimes.Backend) {
	s := suite{open: open}
	empty, text := (&module{}).complete(1, 0, w.I64(0)), bytes.Repeat([]byte("x"), 64)
	for _, v := range []struct {
		name           string
		guest, request []byte
	}{
		{"empty", empty, nil}, {"echo 64 B", echo(0), text}, {"echo 64 B, 192 KiB", echo(2 * page), text}, {"echo 64 B, 2 MiB", echo(31 * page), text},
		{"echo 64 KiB", echo(page), bytes.Repeat([]byte("x"), page)},
		{"go", buildGo(b), []byte("echo hello")},
	} {
		b.Run(v.name+"/clean", func(b *testing.B) { s.benchmark(b, program(v.guest, &host{}), v.request) })
		p := program(v.guest, &host{})
		p.Stateful = true
		b.Run(v.name+"/stateful", func(b *testing.B) { s.benchmark(b, p, v.request) })
	}
	b.Run("host call", s.benchmarkHostCall)
	b.Run("replaced", func(b *testing.B) { s.benchmark(b, program(tabler(), &host{}), nil) })
	b.Run("load go/compiled", func(b *testing.B) { s.benchmarkLoad(b, nil) })
	b.Run("load go/cached", func(b *testing.B) { s.benchmarkLoad(b, &memoryCache{}) })
}

func (s suite) benchmark(b *testing.B, p runtimes.Program, request []byte) {
	m := s.load(b, p)
	dst := make([]byte, 0, page)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Call(b.Context(), dst, request); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkLoad loads and closes a guest of stock Go.
func (s suite) benchmarkLoad(b *testing.B, cache runtimes.Cache) {
	p, backend := program(buildGo(b), &host{}), s.open()
	p.Cache = cache
	defer backend.Close(context.Background())
	load := func() {
		m, err := backend.Load(b.Context(), p)
		if err != nil {
			b.Fatal(err)
		}
		m.Close(b.Context())
	}
	load() // which fills the cache
	for b.Loop() {
		load()
	}
}

// signing is a guest that signs 16 bytes as often as its request says, with room for so much of the answer.
func signing(room uint32) []byte {
	m := &module{}
	sign := m.capability("sign")
	again := concat(w.Get(2), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(2), w.BrIf(0))
	loop := w.Loop(callFrom(sign, capabilityType("sign"), 0, 0, 16, outAt, room), w.Do(w.Drop), again)
	return m.complete(1, 0, w.Get(0), w.Load32(0), w.Set(2), loop, w.I64(0))
}

// benchmarkHostCall has a guest sign many times in one call.
func (s suite) benchmarkHostCall(b *testing.B) {
	const rounds = 10_000
	loaded := s.load(b, program(signing(16), signer{}))
	request := binary.LittleEndian.AppendUint32(nil, rounds)
	before := time.Now()
	for b.Loop() {
		if _, err := loaded.Call(b.Context(), nil, request); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(time.Since(before).Nanoseconds())/float64(b.N)/rounds, "ns/hostcall")
}

// A signer answers its input, and records nothing.
type signer struct{}

// Capability implements runtimes.Host.
func (signer) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
	return append(dst, in...), nil
}
