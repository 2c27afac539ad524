package wazero

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/runtimes/guest"
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// The identity of compiled code has the version of the library that made it.
func TestVersion(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(mod, []byte("github.com/tetratelabs/wazero "+version+"\n")) {
		t.Errorf("go.mod has another version of wazero than %s", version)
	}
	if id := standard().ID(); !strings.Contains(id, version) {
		t.Errorf("identity %q", id)
	}
}

// standard is the engine of New.
func standard() engine { return engine{} }

// sized is a module that has so many pages and may have so many.
func sized(low, high uint32) []byte {
	m := &w.Module{}
	m.Memory(low, high)
	m.Export(abi.ExportMemory, wasm.KindMemory, 0)
	m.Export("f", wasm.KindFunc, m.Func(wasm.Signature("", "i"), 0, w.I32(7)))
	return m.Bytes()
}

func compile(t *testing.T, e engine, module, saved []byte) guest.Code {
	t.Helper()
	c, err := e.Compile(t.Context(), module, nil, 1<<16-1, saved)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func instantiate(t *testing.T, c guest.Code) *instance {
	t.Helper()
	i, err := c.Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close(context.Background()) })
	return i.(*instance)
}

// The cache in memory needs a field of wazero that is not exported. This fails when the library changes there.
func TestCodeFile(t *testing.T) {
	e := standard()
	first := compile(t, e, sized(1, 1), nil)
	saved := first.Serialize()
	if len(saved) < 100 {
		t.Fatalf("%d bytes of code", len(saved))
	}
	if again := first.Serialize(); again != nil {
		t.Errorf("%d bytes of code are still there", len(again))
	}
	works := func(c guest.Code) {
		t.Helper()
		var stack [1]uint64
		if err := instantiate(t, c).Export("f")(t.Context(), stack[:]); err != nil || stack[0] != 7 {
			t.Errorf("answer %d, error %v", stack[0], err)
		}
	}
	second := compile(t, e, sized(1, 1), saved)
	if !bytes.Equal(second.Serialize(), saved) {
		t.Error("code that was given was not used as it is")
	}
	works(second)
	for name, bad := range map[string][]byte{
		"of another module": compile(t, e, sized(2, 2), nil).Serialize(), "cut": saved[:len(saved)/2], "a key alone": saved[:32], "nothing": {},
		"changed": append(append([]byte{}, saved[:len(saved)/2]...), append([]byte{saved[len(saved)/2] ^ 1}, saved[len(saved)/2+1:]...)...),
	} {
		if c, err := e.Compile(t.Context(), sized(1, 1), nil, 1, bad); err == nil {
			c.Close(t.Context())
			t.Errorf("%s: accepted", name)
		}
	}
}

// Memories give back all their address space, and snapshots their files.
func TestNothingLeaks(t *testing.T) {
	e := standard()
	c := compile(t, e, sized(8, 64), nil)
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
	round()
	maps, fds := mappings(t), files(t)
	for range 200 {
		round()
	}
	if now := mappings(t); now > maps+50 { // Go's own may vary
		t.Errorf("%d mappings, there were %d", now, maps)
	}
	if now := files(t); now > fds {
		t.Errorf("%d files, there were %d", now, fds)
	}
}

func mappings(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

func files(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A memory stays where it is when it grows, up to its maximum, and new pages are zero.
func TestMemoryGrows(t *testing.T) {
	i := instantiate(t, compile(t, standard(), sized(0, 3), nil))
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
	if i.Grow(1) || i.memory.Reallocate(4<<16) != nil || len(i.Memory()) != 3<<16 || &i.Memory()[0] != first {
		t.Error("grew over its maximum")
	}
}
