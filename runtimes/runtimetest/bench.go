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

// Benchmark measures the backends that open returns: a call that does nothing, one that answers its request, what one
// host function costs a guest, and a guest of stock Go.
func Benchmark(b *testing.B, open func() runtimes.Backend) {
	s := suite{open: open}
	empty := &module{}
	b.Run("empty call", func(b *testing.B) { s.benchmark(b, empty.complete(1, 0, w.I64(0)), nil) })
	b.Run("echo 64 B", func(b *testing.B) { s.benchmark(b, echo(0), bytes.Repeat([]byte("x"), 64)) })
	b.Run("host call", s.benchmarkHostCall)
	b.Run("go guest", func(b *testing.B) { s.benchmark(b, buildGo(b), []byte("echo hello")) })
}

func (s suite) benchmark(b *testing.B, guest, request []byte) {
	m := s.load(b, program(guest, &host{}))
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Call(b.Context(), dst, request); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkHostCall has a guest sign 16 bytes many times in one call.
func (s suite) benchmarkHostCall(b *testing.B) {
	const rounds = 10_000
	m := &module{}
	sign := m.capability("sign")
	again := concat(w.Get(2), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(2), w.BrIf(0))
	loop := w.Loop(callFrom(sign, capabilityType("sign"), 0, 0, 16, outAt, 16), w.Do(w.Drop), again)
	guest := m.complete(1, 0, w.Get(0), w.Load32(0), w.Set(2), loop, w.I64(0))
	loaded := s.load(b, program(guest, signer{}))
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
