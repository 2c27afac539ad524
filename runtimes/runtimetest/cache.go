package runtimetest

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"bulkhead/runtimes"
)

// A memoryCache is a runtimes.Cache for one test.
type memoryCache struct {
	mu   sync.Mutex
	code map[string][]byte
	puts int
}

// Get implements runtimes.Cache.
func (c *memoryCache) Get(key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code[key]
}

// Put implements runtimes.Cache.
func (c *memoryCache) Put(key string, code []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == nil {
		c.code = map[string][]byte{}
	}
	c.code[key] = code
	c.puts++
}

// caches: code that the cache has is not made again, and behaves the same; everything else is.
func (s suite) caches(t *testing.T) {
	cache := &memoryCache{}
	cached := func(change func(*runtimes.Program)) runtimes.Program {
		p := program(counter(), &host{})
		p.Cache = cache
		change(&p)
		return p
	}
	same := func(*runtimes.Program) {}
	use := func(t *testing.T, p runtimes.Program) runtimes.Usage {
		m := s.load(t, p)
		u, answer, err := measure(t, m, []byte{0})
		if err != nil || answer[0] != 42 {
			t.Errorf("answer % x, error %v", answer, err)
		}
		return u
	}
	first := use(t, cached(same))
	if len(cache.code) != 1 {
		t.Fatalf("%d entries after the first load, want 1", len(cache.code))
	}
	if second := use(t, cached(same)); cache.puts != 1 || second != first {
		t.Errorf("%d entries put after the second load, want 1; used %+v, at first %+v", cache.puts, second, first)
	}
	t.Run("limits that do not shape the code", func(t *testing.T) {
		use(t, cached(func(p *runtimes.Program) {
			p.Limits.Fuel--
			p.Limits.Timeout--
			p.Limits.Instances, p.Limits.Answer = 3, 99
		}))
		if cache.puts != 1 {
			t.Error("compiled again")
		}
	})
	t.Run("another module, another memory", func(t *testing.T) {
		use(t, cached(func(p *runtimes.Program) { p.Wasm = counterWith(func(m *module) { m.pages = 3 }) }))
		use(t, cached(func(p *runtimes.Program) { p.Limits.Memory = 4 * page }))
		if len(cache.code) != 3 {
			t.Errorf("%d entries, want 3", len(cache.code))
		}
	})
	t.Run("entries of another form", func(t *testing.T) {
		key := slices.Sorted(maps.Keys(cache.code))[0]
		good := cache.code[key]
		for name, bad := range map[string][]byte{
			"nothing": {}, "a byte": {0}, "cut in the header": good[:8], "cut in the module": good[:100], "no code": good[:len(good)/100],
			"another byte first": append([]byte{2}, good[1:]...), "2^32 bytes of module": append([]byte("\x00\x00\x00\x00\x00\xff\xff\xff\xff"), good[9:]...),
			"2^32 globals": append([]byte("\x00\xff\xff\xff\xff"), good[5:]...), "text": []byte(strings.Repeat("nothing to see here. ", 1000)),
		} {
			for k := range cache.code {
				cache.code[k] = bad
			}
			before := cache.puts
			if use(t, cached(same)); cache.puts != before+1 {
				t.Errorf("%s: not made again", name)
			}
		}
	})
	t.Run("what is refused is not kept", func(t *testing.T) {
		cache.code = nil
		invalid := withBody([]byte{0, 0x41, 0, 0x0b})
		if s.refused(t, cached(func(p *runtimes.Program) { p.Wasm = invalid })); len(cache.code) > 0 {
			t.Error("an invalid module was kept")
		}
	})
}

// Allocations fails the test if a small call on an instance that is ready allocates in Go, or a guest's call of the host.
func Allocations(t *testing.T, open func() runtimes.Backend) {
	s := suite{open: open}
	for name, guest := range map[string][]byte{"small": echo(0), "large": echo(31 * page)} {
		m := s.load(t, program(guest, &host{}))
		dst, request := make([]byte, 0, 64), []byte("sixty-four bytes of a request, which come back as they went out.")
		var failed error
		n := testing.AllocsPerRun(200, func() {
			answer, err := m.Call(t.Context(), dst, request)
			if string(answer) != string(request) {
				failed = errors.Join(errors.New("another answer"), err)
			}
		})
		if n != 0 || failed != nil {
			t.Errorf("%s: %v allocations, error %v", name, n, failed)
		}
	}
	s.hostCallAllocations(t)
}

// hostCallAllocations tells what is allocated once in a call from what each of many calls of the host would allocate, with
// answers that fit and answers that are kept.
func (s suite) hostCallAllocations(t *testing.T) {
	const rounds = 1000
	request := binary.LittleEndian.AppendUint32(nil, rounds)
	for _, room := range []uint32{16, 0} {
		m := s.load(t, program(signing(room), signer{}))
		var failed error
		n := testing.AllocsPerRun(20, func() {
			_, err := m.Call(t.Context(), nil, request)
			failed = errors.Join(failed, err)
		})
		if n >= rounds/100 || failed != nil {
			t.Errorf("room for %d bytes: %v allocations in a call with %d calls of the host, error %v", room, n, rounds, failed)
		}
	}
}
