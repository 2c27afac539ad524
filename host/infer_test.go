package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/capability"
	"bulkhead/host/gate"
	"bulkhead/host/manifest"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// inferIn is where the guests of these tests keep a request; what they are answered comes behind it.
const inferIn = 1 << 16

// pagesFor has room for all of it, and twice that for weights that no call touches: what an instance costs to put back
// depends on how much of its memory a call writes to.
func pagesFor(in, out int) uint32 { return uint32(inferIn+3*(in+out))>>16 + 2 }

// asks asks its model as often as the first four bytes of its request say, each time with the whole request and room for
// an answer of as many bytes as the next four say, and answers what the last one returned.
func asks(in, out int) []byte {
	m := &w.Module{}
	infer := importOf(m, abi.Infer)
	m.Memory(pagesFor(in, out), 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(inferIn)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 1,
		w.Get(0), w.Load32(0), w.Set(2),
		w.Get(2), w.If(w.Loop(
			w.I32(guestOut), w.I32(0), w.Get(0), w.Get(1), w.I32(uint32(inferIn+in)), w.Get(0), w.Load32(4), w.Call(infer), w.Store32(0),
			w.Get(2), w.I32(0xffffffff), w.Do(w.Add32), w.Tee(2), w.BrIf(0))),
		w.I64(guestOut<<32|4)))
	return m.Bytes()
}

// classifies answers the first bytes of its request.
func classifies(in, out int) []byte {
	m := &w.Module{}
	m.Memory(pagesFor(in, out), 0)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export(abi.ExportInput, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.I32(inferIn)))
	m.Export(abi.ExportHandle, wasm.KindFunc, m.Func(wasm.Signature("ii", "I"), 0, w.I64(inferIn<<32|uint64(out))))
	return m.Bytes()
}

// asking is a request to asks.
func asking(times, size, room int) []byte {
	request := make([]byte, size)
	binary.LittleEndian.PutUint32(request, uint32(times))
	binary.LittleEndian.PutUint32(request[4:], uint32(room))
	return request
}

// A pair is a tool that asks a model, each where it was put.
type pair struct {
	tool, model runtimes.Module
	host        runtimes.Host // the tool's
	in, out     int
}

// newPair loads both on wazero, bound as in a host, with quotas that nobody meets.
func newPair(t testing.TB, tool, model manifest.Isolation, in, out, instances int) *pair {
	t.Helper()
	quotas := capability.DefaultQuotas()
	quotas.Infer = capability.Quota{PerSecond: 1e12, Burst: 1 << 40}
	p := &pair{in: in, out: out}
	p.model = p.load(t, model, classifies(in, out), capability.Config{Alias: "model", Name: "acme/model", Digest: strings.Repeat("b", 64), Role: abi.RoleModel}, instances)
	p.tool = p.load(t, tool, asks(in, out), capability.Config{
		Alias: "tool", Name: "acme/tool", Digest: strings.Repeat("a", 64), Role: abi.RoleTool, Grants: abi.GrantsOf(abi.Infer), Log: slog.New(slog.DiscardHandler), Quotas: quotas,
		Models: []capability.Model{{Plugin: gate.PluginRef{Alias: "model", Digest: strings.Repeat("b", 64)}, Module: p.model, InputBytes: in, OutputBytes: out}},
	}, 8)
	return p
}

func (p *pair) load(t testing.TB, isolation manifest.Isolation, module []byte, c capability.Config, instances int) runtimes.Module {
	t.Helper()
	b, err := placement{engine: "wazero", isolation: isolation}.open(nil)
	if err != nil {
		t.Fatal(err)
	}
	host, err := capability.Bind(c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Load(t.Context(), runtimes.Program{
		Name: c.Alias, Wasm: module, Grants: c.Grants, Host: host,
		Limits: runtimes.Limits{Memory: 64 << 20, Timeout: 10 * time.Second, Fuel: runtimes.MaxFuel, Instances: instances},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Close(context.Background())
		b.Close(context.Background())
	})
	if c.Role == abi.RoleTool {
		p.host = host
	}
	return m
}

// call has the tool ask so often.
func (p *pair) call(t testing.TB, dst, request []byte) []byte {
	ctx := gate.WithRunning(t.Context(), &gate.Running{Call: "call", Principal: "ada"})
	answer, err := p.tool.Call(ctx, dst, request)
	if err != nil || binary.LittleEndian.Uint32(answer[len(dst):]) != uint32(p.out) {
		t.Errorf("%v %v, want %d bytes", answer, err, p.out)
	}
	return answer
}

func placements() (all [][2]manifest.Isolation) {
	for _, tool := range []manifest.Isolation{manifest.Inline, manifest.Process} {
		for _, model := range []manifest.Isolation{manifest.Inline, manifest.Process} {
			all = append(all, [2]manifest.Isolation{tool, model})
		}
	}
	return all
}

// What is allocated for each infer is what a hundred of them cost more than one. A call in which the host sleeps until a
// worker answers takes a timer, once: ten allocations or so, which the one may have been spared.
func TestInferAllocatesNothing(t *testing.T) {
	for _, at := range placements() {
		t.Run(string(at[0]+"-"+at[1]), func(t *testing.T) {
			for _, size := range []struct{ in, out int }{{3136, 40}, {64 << 10, 64 << 10}} {
				p := newPair(t, at[0], at[1], size.in, size.out, 1)
				measure := func(times int) float64 {
					request, dst := asking(times, size.in, size.out), make([]byte, 0, 4)
					p.call(t, dst, request)
					return testing.AllocsPerRun(3, func() { p.call(t, dst, request) })
				}
				one, many := measure(1), measure(101)
				if per := (many - one) / 100; per >= 0.3 {
					t.Errorf("%d to %d bytes: %.2f allocations for each infer; a call with one has %.0f, with 101 %.0f", size.in, size.out, per, one, many)
				}
			}
		})
	}
}

// A request of 8 MiB and an answer of 8 MiB, four times a call: whoever copies them to the heap of the host is seen.
func TestInferKeepsTensorsOffTheHeap(t *testing.T) {
	const size, times = 8 << 20, 4
	for _, at := range placements() {
		t.Run(string(at[0]+"-"+at[1]), func(t *testing.T) {
			p := newPair(t, at[0], at[1], size, size, 1)
			request, dst := asking(times, size, size), make([]byte, 0, 4)
			p.call(t, dst, request)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p.call(t, dst, request)
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("%d bytes of heap for a call that moves %d", grown, 2*size*times)
			}
		})
	}
}

// Eight callers share a model of two instances, each with a request of its own, and none sees another's.
func TestInferInParallel(t *testing.T) {
	for _, at := range placements() {
		t.Run(string(at[0]+"-"+at[1]), func(t *testing.T) {
			const size = 100_000
			p := newPair(t, at[0], at[1], size, size, 2)
			var all sync.WaitGroup
			for caller := range 8 {
				all.Go(func() {
					in, out := bytes.Repeat([]byte{byte(caller + 1)}, size), make([]byte, size)
					ctx := gate.WithRunning(t.Context(), &gate.Running{Call: fmt.Sprint("call", caller), Principal: "ada"})
					for range 5 {
						p.call(t, nil, asking(3, size, size))
						clear(out)
						answer, err := p.host.(runtimes.Inferrer).Infer(ctx, 0, out, in)
						if err != nil || &answer[0] != &out[0] || !bytes.Equal(out, in) {
							t.Errorf("caller %d: %v, got the answer of %d", caller, err, out[0])
						}
					}
				})
			}
			all.Wait()
		})
	}
}

// A model that fails writes nothing, whatever its answer would have been, and the tool hears of it.
func TestInferOfABrokenModel(t *testing.T) {
	for _, at := range placements() {
		t.Run(string(at[0]+"-"+at[1]), func(t *testing.T) {
			p := newPair(t, at[0], at[1], 4096, 40, 1)
			out := []byte(strings.Repeat("x", 40))
			ctx, cancel := context.WithCancel(gate.WithRunning(t.Context(), &gate.Running{Call: "call", Principal: "ada"}))
			cancel()
			if _, err := p.host.(runtimes.Inferrer).Infer(ctx, 0, out, make([]byte, 4096)); !errors.Is(err, abi.ErrDeadline) {
				t.Errorf("cancelled: %v", err)
			}
			wrong := newPair(t, at[0], at[1], 4096, 40, 1)
			wrong.host = rebound(t, wrong.model, 4096, 41)
			ctx = gate.WithRunning(t.Context(), &gate.Running{Call: "call", Principal: "ada"})
			if _, err := wrong.host.(runtimes.Inferrer).Infer(ctx, 0, append(out, 'x'), make([]byte, 4096)); !errors.Is(err, abi.ErrInternal) {
				t.Errorf("a byte short: %v", err)
			}
			if string(out) != strings.Repeat("x", 40) {
				t.Errorf("the tool's memory is %q", out)
			}
		})
	}
}

// rebound binds a model under other sizes than it has.
func rebound(t *testing.T, model runtimes.Module, in, out int) runtimes.Host {
	t.Helper()
	host, err := capability.Bind(capability.Config{
		Alias: "tool", Name: "acme/tool", Digest: strings.Repeat("a", 64), Role: abi.RoleTool, Grants: abi.GrantsOf(abi.Infer), Log: slog.New(slog.DiscardHandler),
		Models: []capability.Model{{Plugin: gate.PluginRef{Alias: "model", Digest: strings.Repeat("b", 64)}, Module: model, InputBytes: in, OutputBytes: out}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// BenchmarkInfer is one infer with a model that does nothing, among a hundred of one call.
func BenchmarkInfer(b *testing.B) {
	for _, size := range []struct{ in, out int }{{3136, 40}, {64 << 10, 64 << 10}, {4 << 20, 40}} {
		for _, at := range placements() {
			b.Run(fmt.Sprintf("%dto%d/%s-%s", size.in, size.out, at[0], at[1]), func(b *testing.B) {
				p := newPair(b, at[0], at[1], size.in, size.out, 1)
				const times = 100
				request := asking(times, size.in, size.out)
				b.ReportAllocs()
				for b.Loop() {
					p.call(b, nil, request)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/times, "ns/infer")
			})
		}
	}
}
