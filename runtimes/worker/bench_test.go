package worker

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// BenchmarkCall is a call of 64 bytes in a worker: back to back, after a pause in which the worker fell asleep, and with
// one question to the host on the way. The backend "plain" has no engine: it shows what the way costs. Medians, because
// the mean is the scheduler's.
func BenchmarkCall(b *testing.B) {
	for _, v := range []struct {
		name, backend string
		wasm          []byte
		pause         time.Duration
		length        int
	}{
		{"plain/echo", "plain", []byte("echo"), 0, 64},
		{"plain/echo after 50 us", "plain", []byte("echo"), 50 * time.Microsecond, 64},
		{"plain/host call", "plain", []byte("sign"), 0, 64},
		{"plain/host call after 50 us", "plain", []byte("sign"), 50 * time.Microsecond, 64},
		{"plain/echo 1 MiB", "plain", []byte("echo"), 0, 1 << 20},
		{"wazero/echo", "wazero", echoGuest(1), 0, 64},
		{"wazero/echo after 50 us", "wazero", echoGuest(1), 50 * time.Microsecond, 64},
		{"wazero/host call", "wazero", signGuest(), 0, 64},
		{"wazero/echo 1 MiB", "wazero", echoGuest(20), 0, 1 << 20},
	} {
		b.Run(v.name, func(b *testing.B) {
			request := bytes.Repeat([]byte("x"), v.length)
			m := loadWorker(b, v.backend, testProgram(v.wasm, echoHost{}))
			dst := make([]byte, 0, len(request))
			var times []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				before := time.Now()
				answer, err := m.Call(b.Context(), dst, request)
				times = append(times, time.Since(before))
				if err != nil || len(answer) != v.length {
					b.Fatal(len(answer), err)
				}
				think(v.pause)
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/5]), "p20-ns")
			b.ReportMetric(float64(times[len(times)/2]), "p50-ns")
			b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
		})
	}
}

// BenchmarkStart loads a plugin into its first worker, and closes it.
func BenchmarkStart(b *testing.B) {
	for name, module := range map[string][]byte{"plain": []byte("echo"), "wazero": echoGuest(1)} {
		b.Run(name, func(b *testing.B) {
			backend := newBackend(b, Config{Backend: name})
			for b.Loop() {
				m, err := backend.Load(b.Context(), testProgram(module, echoHost{}))
				if err != nil {
					b.Fatal(err)
				}
				if err := m.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// think spins: a sleep would be much longer.
func think(d time.Duration) {
	for before := time.Now(); time.Since(before) < d; {
		pause(8)
	}
}

// echoHost answers its input.
type echoHost struct{}

func (echoHost) Capability(_ context.Context, _ abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
	return append(dst, in...), nil
}

// Where the guests of these tests have their input.
const guestInput = 8192

// guest makes a module with everything that ABI v1 wants, whose handler has that body.
func guest(m *w.Module, pages uint32, handler ...[]byte) []byte {
	m.Memory(pages, 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 2, w.I32(guestInput)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 2, handler...))
	return m.Bytes()
}

// echoGuest answers its request.
func echoGuest(pages uint32) []byte {
	return guest(&w.Module{}, pages, w.Get(0), w.Get(1), w.Pack(3))
}

// signGuest signs its request, of up to 4 KiB, and answers the signature.
func signGuest() []byte {
	m := &w.Module{}
	sign := m.Import(abi.Module, "sign", wasm.Signature("iiiii", "i"))
	const out = 32768
	return guest(m, 1, w.I32(0), w.Get(0), w.Get(1), w.I32(out), w.I32(4096), w.Call(sign), w.Set(2), w.I32(out), w.Get(2), w.Pack(3))
}

// testProgram is a program with everything granted.
func testProgram(module []byte, h runtimes.Host) runtimes.Program {
	return runtimes.Program{
		Name: "guest", Wasm: module, Host: h, WASI: true,
		Grants: abi.GrantsOf(abi.Log, abi.Audit, abi.Sign, abi.Attest, abi.Infer),
		Limits: runtimes.Limits{Memory: 16 << 20, Timeout: 5 * time.Second, Fuel: runtimes.MaxFuel},
	}
}

// loadWorker loads p into workers with that backend.
func loadWorker(t testing.TB, backend string, p runtimes.Program) *Module {
	t.Helper()
	m, err := newBackend(t, Config{Backend: backend}).Load(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.Background()) })
	return m.(*Module)
}
