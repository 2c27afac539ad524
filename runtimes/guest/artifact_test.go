package guest

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasm"
)

func TestArtifact(t *testing.T) {
	for _, a := range []artifact{
		{wasm.Metered{Wasm: []byte("module"), Globals: []string{wasm.GlobalName(0), wasm.GlobalName(1)}, Restorable: true}, []byte("code")},
		{wasm.Metered{Wasm: []byte{}, Globals: []string{}}, []byte("c")},
	} {
		b := a.bytes()
		if got, err := parseArtifact(b); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%+v, %v; want %+v", got, err, a)
		}
		for n := range len(b) - len(a.code) + 1 {
			if _, err := parseArtifact(b[:n]); err == nil {
				t.Errorf("%d bytes of %d were taken", n, len(b))
			}
		}
	}
}

func FuzzParseArtifact(f *testing.F) {
	f.Add(artifact{wasm.Metered{Wasm: []byte("module"), Globals: []string{wasm.GlobalName(0)}, Restorable: true}, []byte("code")}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := parseArtifact(b); err == nil && !bytes.Equal(a.bytes(), b) {
			t.Errorf("%q was read as %+v", b, a)
		}
	})
}

// Code belongs to one file, engine, rewriting and memory, and to nothing that only runs.
func TestCacheKey(t *testing.T) {
	p := plain(true)
	key := cacheKey(p, &fakeEngine{})
	if !strings.HasPrefix(key, "inline/") || len(key) != len("inline/")+64 {
		t.Errorf("key %q", key)
	}
	for name, change := range map[string]func(*runtimes.Program){
		"the file":   func(p *runtimes.Program) { p.Wasm = append(bytes.Clone(p.Wasm), 0) },
		"features":   func(p *runtimes.Program) { p.RelaxedSIMD = true },
		"the memory": func(p *runtimes.Program) { p.Limits.Memory = 1 << 20 },
	} {
		q := p
		if change(&q); cacheKey(q, &fakeEngine{}) == key {
			t.Errorf("the same key for another one of %s", name)
		}
	}
	q := p
	q.Limits = runtimes.Limits{Memory: p.Limits.Memory, Timeout: 1, Fuel: 2, Instances: 3, Answer: 4}
	q.Name, q.Config, q.Stateful = "other", []byte("{}"), true
	if cacheKey(q, &fakeEngine{}) != key {
		t.Error("another key for the same code")
	}
}

type otherEngine struct{ fakeEngine }

func (*otherEngine) ID() string { return "fakeengine" }

func TestCacheKeyHasTheEngine(t *testing.T) {
	p := plain(true)
	if cacheKey(p, &otherEngine{}) == cacheKey(p, &fakeEngine{}) {
		t.Error("the same key for another engine")
	}
}

type fakeCache map[string][]byte

func (c fakeCache) Get(key string) []byte       { return c[key] }
func (c fakeCache) Put(key string, code []byte) { c[key] = code }

// What the cache vouches for is neither read whole nor validated again. What it does not, or the engine cannot use, is.
func TestVouched(t *testing.T) {
	whole, cache, useless := plain(true), fakeCache{}, false
	validated := 0
	e := &fakeEngine{
		code:     []byte("code"),
		validate: func([]byte) error { validated++; return nil },
		compile: func(_, code []byte) error {
			if code != nil && useless {
				return errArtifact
			}
			return nil
		},
	}
	whole.Cache = cache
	load(t, e, whole)
	load(t, e, whole)
	if validated != 1 || len(cache) != 1 {
		t.Errorf("validated %d times, %d in the cache", validated, len(cache))
	}
	useless = true
	load(t, e, whole)
	if validated != 2 {
		t.Errorf("validated %d times, the code was of no use", validated)
	}
	useless = false
	broken := whole
	broken.Wasm = bytes.Clone(whole.Wasm)
	broken.Wasm[len(broken.Wasm)-1] = 0xff // in the code
	if _, err := New(e).Load(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "reading the module") || validated != 2 {
		t.Errorf("nonsense for code: %v", err)
	}
	cache[cacheKey(broken, e)] = cache[cacheKey(whole, e)]
	load(t, e, broken)
}
