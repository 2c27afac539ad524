package worker

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A failing backend refuses to load, with an error of its own.
type failing struct{ err error }

func (f failing) Load(context.Context, runtimes.Program) (runtimes.Module, error) { return nil, f.err }
func (failing) Close(context.Context) error                                       { return nil }

// loads is a script of a worker that says hello and then does as it likes.
func loads(then func(f *fake)) func(f *fake) error {
	return func(f *fake) error {
		if err := f.hello("fake v1", allLayers, 1, nil); err != nil {
			return err
		}
		if _, err := f.next(); err != nil {
			return err
		}
		then(f)
		_, err := f.next()
		return err
	}
}

func sends(out frame, text string) func(f *fake) {
	return func(f *fake) {
		copy(f.area(areaAnswer), text)
		f.send(out)
	}
}

// asks is ready once its question is answered.
func asks(question frame) func(f *fake) {
	return func(f *fake) {
		f.send(question)
		f.next()
		f.send(frame{op: opReady})
	}
}

func TestBadLoads(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script func(f *fake) error
		want   error
		say    string
	}{
		{"no hello", func(f *fake) error { wait(f.stopped.Load); return nil }, runtimes.ErrLimit, ""},
		{"death before hello", func(*fake) error { return nil }, runtimes.ErrDied, "worker.Main"},
		{"hello of another version", func(f *fake) error { return f.send(frame{op: opHello, arg: version + 1, key: allLayers}) }, runtimes.ErrDied, "another program"},
		{"no hello first", func(f *fake) error { return f.send(frame{op: opReady, arg: version, key: allLayers}) }, runtimes.ErrDied, "for a hello"},
		{"a layer is missing", func(f *fake) error {
			return f.hello("fake v1", allLayers&^layerLandlock, 0, errors.New("landlock: not here"))
		}, ErrSandbox, "landlock: not here"},
		{"a layer is missing without a word", func(f *fake) error { return f.hello("fake v1", allLayers&^layerSeccomp, 0, nil) }, ErrSandbox, ""},
		{"hello with a long text", func(f *fake) error {
			return f.send(frame{op: opHello, arg: version, key: allLayers, n: maxText + maxEngine + 1})
		}, runtimes.ErrDied, "for a hello"},
		{"hello with a long engine", func(f *fake) error {
			return f.send(frame{op: opHello, arg: version, key: allLayers, time: maxEngine + 1, n: maxEngine + 1})
		}, runtimes.ErrDied, "for a hello"},
		{"hello with an engine longer than all", func(f *fake) error { return f.send(frame{op: opHello, arg: version, key: allLayers, time: 9, n: 8}) }, runtimes.ErrDied, "for a hello"},
		{"hello with 2^64 - 1 bytes of engine", func(f *fake) error { return f.send(frame{op: opHello, arg: version, key: allLayers, time: 1<<64 - 1}) }, runtimes.ErrDied, "for a hello"},
		{"death while loading", loads(func(f *fake) { f.quit(nil) }), runtimes.ErrDied, "fake death"},
		{"never ready", loads(func(f *fake) { wait(f.stopped.Load) }), runtimes.ErrLimit, "time"},
		{"an answer to nothing", loads(sends(frame{op: opAnswer}, "")), runtimes.ErrDied, "protocol"},
		{"ready for a call", loads(sends(frame{op: opReady, call: 1}, "")), runtimes.ErrDied, "protocol"},
		{"audit while loading", loads(asks(frame{op: opAsk, arg: uint32(abi.Audit)})), runtimes.ErrDied, "while loading"},
		{"progress while loading", loads(asks(frame{op: opAsk, arg: uint32(abi.Progress), n: 16})), runtimes.ErrDied, "while loading"},
		{"too much code", loads(sends(frame{op: opReady, time: maxCode + 1}, "")), runtimes.ErrDied, "code"},
		{"2^64 - 1 bytes of code", loads(sends(frame{op: opReady, time: 1<<64 - 1}, "")), runtimes.ErrDied, "code"},
		{"code that does not come", loads(func(f *fake) { f.send(frame{op: opReady, time: 9}); f.next(); f.send(frame{op: opPiece, n: 8}) }), runtimes.ErrDied, "code"},
		{"code that grows", loads(func(f *fake) { f.send(frame{op: opReady, time: 9}); f.next(); f.send(frame{op: opPiece, n: 10}) }), runtimes.ErrDied, "code"},
		{"another message for code", loads(func(f *fake) { f.send(frame{op: opReady, time: 9}); f.next(); f.send(frame{op: opAnswer, n: 9}) }), runtimes.ErrDied, "9 bytes of code"},
		{"refused, reason of the whole area", loads(sends(frame{op: opRefused, key: areaSize, n: areaSize}, "")), runtimes.ErrDied, "protocol"},
		{"refused with words", loads(sends(frame{op: opRefused, arg: failGuest, key: 3, n: 7}, "whyoops")), &runtimes.GuestError{Text: "oops"}, "why"},
		{"refused without a cause", loads(sends(frame{op: opRefused, key: 3, n: 3}, "why")), nil, "why"},
		{"refused in escapes", loads(sends(frame{op: opRefused, arg: failTrap, key: 3, n: 6}, "\n\x1b!\n\x1b?")), runtimes.ErrTrap, "guest:   !:   ?"},
		{"refused, reason too long", loads(sends(frame{op: opRefused, key: maxText + 1, n: maxText + 1}, "")), runtimes.ErrDied, "protocol"},
		{"refused, reason longer than all", loads(sends(frame{op: opRefused, key: 4, n: 3}, "why")), runtimes.ErrDied, "protocol"},
		{"refused, not UTF-8", loads(sends(frame{op: opRefused, key: 2, n: 2}, "\xc3\x28")), runtimes.ErrDied, "UTF-8"},
		{"refused, guest's text too long", loads(sends(frame{op: opRefused, arg: failGuest, n: maxGuestText + 1}, "")), runtimes.ErrDied, "protocol"},
		{"refused, all of the area", loads(sends(frame{op: opRefused, arg: failOther, n: areaSize}, "")), runtimes.ErrDied, "protocol"},
		{"refused for the sandbox, later", loads(sends(frame{op: opRefused, arg: failSandbox}, "")), runtimes.ErrDied, "protocol"},
		{"refused for time that has not passed", loads(sends(frame{op: opRefused, arg: failEnded}, "")), runtimes.ErrDied, "not passed"},
		{"honest refusal", honest(failing{&runtimes.LoadError{Plugin: "x", Reason: "bad structure", Err: runtimes.ErrLimit}}), runtimes.ErrLimit, "bad structure"},
		{"honest failure", honest(failing{errors.New("broken")}), nil, "loading: broken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := attacked(&witness{})
			p.Name = "guest"
			before := time.Now()
			_, err := newWorld(t, p, tt.script)
			if took := time.Since(before); took > testStart+patient {
				t.Errorf("it took %v", took)
			}
			refusal, ok := errors.AsType[*runtimes.LoadError](err)
			if !ok || refusal.Plugin != "guest" || !strings.Contains(err.Error(), tt.say) {
				t.Fatalf("error %T %v, want a *LoadError that says %q", err, err, tt.say)
			}
			if guest, ok := errors.AsType[*runtimes.GuestError](tt.want); ok {
				if got, _ := errors.AsType[*runtimes.GuestError](err); got == nil || got.Text != guest.Text {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			} else if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && refusal.Err != nil && refusal.Err.Error() != "broken" {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	b := newBackend(t, Config{Backend: "plain"})
	p := testProgram([]byte("slow"), &witness{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	before := time.Now()
	if _, err := b.Load(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want context.DeadlineExceeded", err)
	}
	if took := time.Since(before); took > patient {
		t.Errorf("it took %v", took)
	}
}

// A talker is a backend that logs while it loads.
type talker struct{ plain }

func (talker) Load(ctx context.Context, p runtimes.Program) (runtimes.Module, error) {
	_, err := p.Host.Capability(ctx, abi.Log, 1, nil, []byte("here I am"))
	return plainModule{host: p.Host}, err
}

// What a plugin says when it starts is said once, and not again by every worker.
func TestTalkativeStart(t *testing.T) {
	h := &witness{}
	w := mustWorld(t, attacked(h), honest(talker{}))
	w.mu.Lock()
	w.idle[0].peer.kill()
	w.mu.Unlock()
	soon(t, "a new worker", func() bool { return w.Status().Deaths > 0 && w.Status().Idle == 1 })
	if n := h.calls[abi.Log].Load(); n != 1 {
		t.Errorf("%d lines reached the Host, want 1", n)
	}
}

// A compiler is a backend whose modules answer with the code that they were loaded with, which is new if they found none.
type compiler struct{ code []byte }

func (c compiler) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	if code := p.Cache.Get("key"); code != nil {
		return compiled("old " + string(code[:9])), nil
	}
	p.Cache.Put("key", c.code)
	return compiled("new"), nil
}

func (compiler) Close(context.Context) error { return nil }

type compiled string

func (c compiled) Call(_ context.Context, dst, _ []byte) ([]byte, error) {
	return append(dst, c...), nil
}
func (compiled) Close(context.Context) error { return nil }

// store is a cache of the host.
type store map[string][]byte

func (s store) Get(key string) []byte       { return s[key] }
func (s store) Put(key string, code []byte) { s[key] = code }

// Only the first worker of a plugin compiles, on any day, and then ends: its code comes back in pieces, goes to the cache
// and to every later worker. Code from another key, or damaged code, is compiled anew.
func TestCode(t *testing.T) {
	code := append([]byte("code here"), bytes.Repeat([]byte("c"), areaSize+5)...)
	kept := store{}
	for _, tt := range []struct {
		name  string
		cache runtimes.Cache
		code  []byte
		first string
		later string
		found int
	}{
		{"no cache", nil, code, "old code here", "old code here", 0}, // who compiles serves nobody
		{"first day", kept, code, "old code here", "old code here", 1},
		{"second day", kept, code, "old code here", "old code here", 1},
		{"too large", store{}, make([]byte, maxCode), "new", "new", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := attacked(&witness{})
			p.Limits.Timeout = 10 * time.Second
			p.Cache = tt.cache
			w, err := newWorld(t, p, honest(compiler{tt.code}))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{tt.first, tt.later} {
				if answer, err := w.Call(t.Context(), nil, nil); string(answer) != want {
					t.Errorf("answer %q, error %v, want %q", answer, err, want)
				}
				w.mu.Lock()
				w.idle[0].peer.kill()
				w.mu.Unlock()
				soon(t, "a new worker", func() bool { return w.Status().Deaths > 0 && w.Status().Idle == 1 })
			}
			if s, ok := tt.cache.(store); ok && len(s) != tt.found {
				t.Errorf("the cache has %d entries, want %d", len(s), tt.found)
			}
			for key := range kept {
				if !strings.HasPrefix(key, "worker/") {
					t.Errorf("key %q", key)
				}
			}
		})
	}
	for key := range kept {
		kept[key] = kept[key][:100]
	}
	p := attacked(&witness{})
	p.Cache = kept
	w, err := newWorld(t, p, honest(compiler{[]byte("repaired code")}))
	if err != nil {
		t.Fatal(err)
	}
	if answer, _ := w.Call(t.Context(), nil, nil); string(answer) != "old repaired " {
		t.Errorf("damaged code gave %q", answer)
	}
	for _, b := range kept {
		if !bytes.Contains(b, []byte("repaired code")) {
			t.Error("the damaged code is still in the cache")
		}
	}
}

// Code with which no worker has started is not there for the next host.
func TestCodeThatDoesNotStart(t *testing.T) {
	kept := store{}
	p := attacked(&witness{})
	p.Cache = kept
	if _, err := newWorld(t, p, honest(compiler{[]byte("code here")}), loads(func(f *fake) { f.quit(nil) })); !errors.Is(err, runtimes.ErrDied) {
		t.Errorf("error %v, want ErrDied", err)
	}
	if len(kept) != 0 {
		t.Errorf("the cache has %d entries", len(kept))
	}
}

// soon waits until something is so.
func soon(t testing.TB, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// The key tells apart what compiled code depends on.
func TestKey(t *testing.T) {
	b := newBackend(t, Config{Backend: "wazero"})
	p := testProgram([]byte("module"), &witness{})
	seen := map[string]string{}
	add := func(name string, b *Backend, p runtimes.Program) {
		key, err := b.key(p)
		if err != nil {
			t.Fatal(err)
		}
		if seen[key] != "" {
			t.Errorf("%s has the key of %s", name, seen[key])
		}
		seen[key] = name
	}
	add("the module", b, p)
	other := p
	other.Wasm = []byte("modulf")
	add("another module", b, other)
	other = p
	other.Limits.Memory++
	add("more memory", b, other)
	other = p
	other.RelaxedSIMD = true
	add("relaxed SIMD", b, other)
	add("another engine", newBackend(t, Config{Backend: "wazer"}), p)
	add("another executable", newBackend(t, Config{Backend: "wazero", Executable: executable(t, "/proc/self/status")}), p)
}

func TestCodes(t *testing.T) {
	c := &codes{}
	c.Put("b", []byte("two"))
	c.Put("a", nil)
	good := c.bundle()
	if got := parseCodes(good); string(got.Get("b")) != "two" || got.Get("a") == nil || got.Get("c") != nil {
		t.Errorf("read %v", got.known)
	}
	for n := range good {
		if n != 9 { // the first code alone
			if got := parseCodes(good[:n]); len(got.known) > 0 {
				t.Errorf("%d of %d bytes gave %v", n, len(good), got.known)
			}
		}
	}
	if got := parseCodes(bytes.Repeat([]byte{0xff}, 64)); len(got.known) > 0 {
		t.Errorf("ones gave %v", got.known)
	}
}

func TestProgram(t *testing.T) {
	for _, p := range []runtimes.Program{
		{}, {Config: []byte{}},
		{Name: "n\n\"", Wasm: []byte("wasm"), Config: []byte("{}"), Assets: [][]byte{nil, []byte("a"), {}}, Grants: 5, WASI: true,
			Stateful: true, RelaxedSIMD: true, Limits: runtimes.Limits{Memory: 1, Answer: 2, Timeout: 3, Fuel: 4, Instances: 5}},
	} {
		fd, err := makeProgram(p)
		if err != nil {
			t.Fatal(err)
		}
		image, err := mapSealed(fd)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseProgram(image)
		if err != nil || got.Name != p.Name || got.WASI != p.WASI || got.Grants != p.Grants || got.Stateful != p.Stateful || got.RelaxedSIMD != p.RelaxedSIMD ||
			!bytes.Equal(got.Wasm, p.Wasm) || !bytes.Equal(got.Config, p.Config) || (got.Config == nil) != (p.Config == nil) ||
			len(got.Assets) != len(p.Assets) || got.Limits.Fuel != p.Limits.Fuel || got.Limits.Instances != 1 {
			t.Errorf("%+v arrived as %+v, error %v", p, got, err)
		}
		for n := range image {
			if _, err := parseProgram(image[:n]); err == nil {
				t.Errorf("%d of %d bytes were taken", n, len(image))
			}
		}
	}
}
