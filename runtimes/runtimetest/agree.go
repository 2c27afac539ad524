package runtimetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// Agree gives two backends the same modules and requests. Their answers must be equal, byte for byte, and so must the
// kinds of their errors, what their hosts see, and what they use, to the unit of fuel.
func Agree(t *testing.T, one, other func() runtimes.Backend) {
	for name, guest := range guests() {
		t.Run(name, func(t *testing.T) {
			h, i := replying("the answer of the host"), replying("the answer of the host")
			p, q := program(guest, h), program(guest, i)
			p.Limits = limits(4 * page)
			p.Limits.Answer, p.Limits.Fuel = 300, 200_000
			q.Limits = p.Limits
			p.Assets, q.Assets = [][]byte{[]byte("asset")}, [][]byte{[]byte("asset")}
			m, err := one().Load(t.Context(), p)
			n, err2 := other().Load(t.Context(), q)
			if kind(err) != kind(err2) {
				t.Fatalf("loading: %v and %v", err, err2)
			}
			if err != nil {
				return
			}
			defer m.Close(t.Context())
			defer n.Close(t.Context())
			agreeOnCalls(t, m, n)
			if a, b := fmt.Sprint(h.seen()), fmt.Sprint(i.seen()); a != b {
				t.Errorf("the hosts saw %.500s and %.500s", a, b)
			}
		})
	}
}

func agreeOnCalls(t *testing.T, m, n runtimes.Module) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, ended := 0, 0; i < 200 && ended < 20; i++ {
		request := randomRequest(random)
		u, a, err := measure(t, m, request)
		v, b, err2 := measure(t, n, request)
		if string(a) != string(b) || kind(err) != kind(err2) || u != v {
			t.Errorf("request % x: %q %v %+v and %q %v %+v", request, a, err, u, b, err2, v)
		}
		if errors.Is(err, runtimes.ErrLimit) {
			ended++ // these take long
		}
	}
}

// randomRequest is a few numbers that are mostly near something interesting.
func randomRequest(random *rand.Rand) []byte {
	interesting := []uint64{0, 1, 4, 16, 64, outAt, inputAt, page, 4 * page, 1 << 31, 1<<32 - 1, 300, 4096, 1 << 63}
	numbers := make([]uint64, random.IntN(7))
	for i := range numbers {
		numbers[i] = interesting[random.IntN(len(interesting))] + uint64(random.IntN(3)) - 1
		if random.IntN(3) == 0 {
			numbers[i] |= interesting[random.IntN(len(interesting))] << 32
		}
	}
	return callerRequest{params: numbers, answer: uint32(random.IntN(400))}.bytes()
}

// kind is what must be equal of an error; of a limit, which one.
func kind(err error) string {
	if failure, ok := errors.AsType[*runtimes.GuestError](err); ok {
		return failure.Error()
	}
	if errors.Is(err, runtimes.ErrLimit) {
		return err.Error()
	}
	for _, known := range []error{runtimes.ErrTrap, runtimes.ErrBadOutput} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "refused"
	}
	return ""
}

// guests are modules of this suite, good and bad.
func guests() map[string][]byte {
	all := map[string][]byte{
		"echo": echo(page), "quoter": quoter(), "counter": counter(), "grower": grower(1, 0), "grower with a maximum": grower(1, 2),
		"too big": grower(5, 0), "inferrer": inferrer(), "nothing": nil, "cut": counter()[:60],
		"unknown":       talkative(func(m *module) { m.Import(abi.Module, "exec", wasm.Signature("", "")) }),
		"invalid":       withBody([]byte{0, 0x41, 0, 0x0b}),
		"data outside":  dataOutside(),
		"division":      (&module{}).complete(1, 0, w.Get(0), w.Load32(0), w.Get(0), w.Load32(8), w.Do(w.Div32), w.Do(w.Extend)),
		"no such thing": talkative(func(m *module) { m.ImportKind(abi.Module, "log", wasm.KindGlobal, []byte{byte(wasm.I32), 0}) }),
	}
	for _, more := range []map[string][]byte{endless(), deep()} {
		maps.Copy(all, more)
	}
	for _, i := range abi.Imports() {
		all["caller of "+i.Name] = caller(i.Name)
	}
	return all
}

// dataOutside has a data segment that ends behind the memory.
func dataOutside() []byte {
	m := &module{}
	m.Data(page-1, []byte("ab"))
	return m.complete(1, 0, w.I64(0))
}

// Seeds are modules to start fuzzing from, in a fixed order.
func Seeds() (out [][]byte) {
	all := guests()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out
}
