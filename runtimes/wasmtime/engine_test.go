//go:build wasmtime

package wasmtime

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// The identity of compiled code has the version of the library that made it, which is not that of the Go module that ships it,
// and does not change.
func TestIdentity(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(mod, []byte("github.com/bytecodealliance/wasmtime-go/v39 v39.0.1\n")) || version != "v39.0.0" {
		t.Errorf("go.mod has another wasmtime-go, or it ships another library than %s: host/advisory goes by the library's version", version)
	}
	one, other := judge(), judge()
	if id := one.ID(); !strings.Contains(id, version) || len(id) < 64 || id != other.ID() || id != one.ID() {
		t.Errorf("identities %q and %q", id, other.ID())
	}
}

// sized is a module that has so many pages and may have so many.
func sized(low, high uint32) []byte {
	m := &w.Module{}
	m.Memory(low, high)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", "i"), 0, w.I32(7)))
	return m.Bytes()
}

func compile(t testing.TB, e *engine, module []byte, imports []guest.Import, saved []byte) *code {
	t.Helper()
	c, err := e.Compile(t.Context(), module, imports, 1<<16-1, saved)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c.(*code)
}

func instantiate(t testing.TB, c guest.Code) *instance {
	t.Helper()
	i, err := c.Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close(context.Background()) })
	return i.(*instance)
}

// works reports whether sized's function answers.
func answers(t *testing.T, c guest.Code) bool {
	t.Helper()
	var stack [1]uint64
	err := instantiate(t, c).Export("f")(t.Context(), stack[:])
	return err == nil && stack[0] == 7
}

// Saved code is used as it is, and whatever is wrong with it is an error, for the library trusts it.
func TestSavedCode(t *testing.T) {
	e, module := judge(), sized(1, 1)
	saved := compile(t, e, module, nil, nil).Serialize()
	again := compile(t, e, module, nil, saved)
	if !answers(t, again) || !bytes.Equal(again.Serialize(), saved) {
		t.Error("code that was given was not used as it is")
	}
	refused := func(name string, bad []byte) {
		if c, err := e.Compile(t.Context(), module, nil, 1, bad); err == nil {
			c.Close(t.Context())
			t.Errorf("%s: accepted", name)
		}
	}
	refused("nothing", []byte{})
	refused("a sum alone", saved[:sumSize])
	refused("text", bytes.Repeat([]byte("nothing to see here. "), 1000))
	refused("without its sum", saved[sumSize:])
	for at := 0; at < len(saved); at += 97 {
		refused("cut", saved[:at])
		bad := bytes.Clone(saved)
		bad[at] ^= 0x10
		refused("changed", bad)
	}
	summed := func(code []byte) []byte { return append(sumOf(code), code...) }
	refused("text with a sum", summed([]byte(strings.Repeat("nothing to see here. ", 1000))))
	refused("the module itself", summed(module))
	refused("of another version of the library", summed(bytes.Replace(saved[sumSize:], []byte("\x0239"), []byte("\x0238"), 1)))
	refused("for another processor", summed(bytes.Replace(saved[sumSize:], []byte("-linux-"), []byte("-plan9-"), 1)))
	refused("an empty file of its kind", summed(saved[sumSize:][:64]))
}

// Instances give back all their address space, their files and their C memory.
func TestNothingLeaks(t *testing.T) {
	c := compile(t, judge(), sized(8, 64), nil, nil)
	round := func() {
		i, err := c.Instantiate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		frozen, err := i.(guest.Freezer).Freeze()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := i.(guest.Freezer).Thaw(frozen); err != nil {
				t.Fatal(err)
			}
			i.Memory()[5] = 1
		}
		if !i.Grow(3) {
			t.Fatal("cannot grow")
		}
		for range 2 {
			if err := i.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		frozen.Close()
	}
	for range 100 {
		round()
	}
	maps, fds, size := lines(t, "/proc/self/maps"), files(t), resident(t)
	for range 1000 {
		round()
	}
	if now := lines(t, "/proc/self/maps"); now > maps+50 { // Go's own may vary
		t.Errorf("%d mappings, there were %d", now, maps)
	}
	if now := files(t); now > fds {
		t.Errorf("%d files, there were %d", now, fds)
	}
	if now := resident(t); now > size+16<<20 {
		t.Errorf("%d bytes, there were %d", now, size)
	}
}

func lines(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

func files(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// resident is what this process has in memory, in bytes.
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, c := range bytes.Fields(b)[1] {
		pages = 10*pages + int(c-'0')
	}
	return pages * os.Getpagesize()
}

// A memory stays where it is when it grows, up to its maximum, and new pages are zero.
func TestMemoryGrows(t *testing.T) {
	i := instantiate(t, compile(t, judge(), sized(0, 3), nil, nil))
	if len(i.Memory()) != 0 {
		t.Fatalf("%d bytes", len(i.Memory()))
	}
	for pages := 1; pages <= 3; pages++ {
		if !i.Grow(1) || len(i.Memory()) != pages<<16 || bytes.Count(i.Memory(), []byte{0}) != 1<<16+(pages-1)*(1<<16-1) {
			t.Fatalf("page %d: %d bytes", pages, len(i.Memory()))
		}
		i.Memory()[(pages-1)<<16] = 1
	}
	first := &i.Memory()[0]
	if i.Grow(1) || len(i.Memory()) != 3<<16 || &i.Memory()[0] != first {
		t.Error("grew over its maximum")
	}
}

// The limit of Compile holds whatever the module says.
func TestMemoryIsLimited(t *testing.T) {
	c, err := judge().Compile(t.Context(), sized(1, 100), nil, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if i := instantiate(t, c); !i.Grow(1) || i.Grow(1) {
		t.Error("a memory of one page that may have two did not stop there")
	}
	large, err := judge().Compile(t.Context(), sized(3, 100), nil, 2, nil)
	if err != nil {
		return
	}
	defer large.Close(t.Context())
	if i, err := large.Instantiate(t.Context()); err == nil {
		i.Close(t.Context())
		t.Error("an instance that starts over the limit")
	}
}

// Whatever address and offset a guest makes, it meets a guard: no other memory lies within its reach.
func TestMemoryIsGuarded(t *testing.T) {
	m := &w.Module{}
	m.Memory(1, 2)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	for name, offset := range map[string]uint32{"near": 0, "far": 1<<32 - 1} {
		m.Export(name, wasm.KindFunc, m.Func(wasm.Signature("i", "i"), 0, w.Get(0), w.Load32(offset)))
	}
	c := compile(t, judge(), m.Bytes(), nil, nil)
	one, other := instantiate(t, c), instantiate(t, c)
	for _, i := range []*instance{one, other} {
		for n := range i.Memory() {
			i.Memory()[n] = 0xaa
		}
	}
	for _, name := range []string{"near", "far"} {
		read := one.Export(name)
		for _, address := range []uint64{1<<16 - 3, 1 << 16, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 4, 1<<32 - 1} {
			stack := [1]uint64{address}
			if err := read(t.Context(), stack[:]); err == nil || !strings.Contains(err.Error(), "out of bounds") {
				t.Errorf("%s %#x: read %#x, %v", name, address, stack[0], err)
			}
		}
	}
	stack := [1]uint64{1<<16 - 4}
	if err := one.Export("near")(t.Context(), stack[:]); err != nil || stack[0] != 0xaaaaaaaa {
		t.Errorf("after the traps: %#x, %v", stack[0], err)
	}
}

// An engine that cannot be used says so.
func TestUnusable(t *testing.T) {
	small := judge()
	small.stack = leastStack - 1
	if _, err := small.Compile(t.Context(), sized(1, 1), nil, 1, nil); !errors.Is(err, errStack) {
		t.Errorf("too little stack: %v", err)
	}
	none := judge()
	none.Close(t.Context())
	if err := none.Validate(t.Context(), sized(1, 1)); !errors.Is(err, errSettings) || none.ID() == "" {
		t.Errorf("no engine: %v", err)
	}
}
