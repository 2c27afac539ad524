package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/host/gate"
)

// slow makes the device slow, so that batches gather.
type slow struct{ file }

func (s slow) Sync() error {
	time.Sleep(2 * time.Millisecond)
	return s.file.Sync()
}

// rich is an entry with a word in every member that an entry may have.
func rich(i int) gate.Entry {
	return gate.Entry{
		Actor: "alice", Action: "tools/call", Resource: fmt.Sprintf("label-%d", i), Outcome: gate.Success, TraceID: strings.Repeat("a", 32),
		Kind: gate.KindHost, Event: gate.KeyUse, Call: fmt.Sprintf("call-%d", i), Parent: strings.Repeat("b", 16), Reason: "because",
		Plugins: []gate.PluginRef{{Alias: "label", Digest: "d1", Backend: "wazero/process", Module: "m", ModuleDigest: "d2"}},
		Workers: []gate.WorkerRef{{Backend: "wasmtime", Digest: "d3"}}, Request: strings.Repeat("1", 64), Response: strings.Repeat("2", 64),
		Verdict: &gate.Verdict{Outcome: "allow", Reason: "yes"}, Grants: []string{"sign"}, Micros: 12, Fuel: 34, Reported: true,
		Count: 5, First: "f", Last: "l", Detail: []byte(`{"a":{"b":[1,"x"]}}`), Development: true,
	}
}

// A world is a log, what was kept of it elsewhere, and what an attacker has at hand.
type world struct {
	t     *testing.T
	log   files  // three segments, and batches of several entries
	older files  // a copy of the folder from before
	saved []byte // the checkpoint of log
	mid   uint64 // an entry inside of a batch, in the last segment: no full tile has it
	tiled uint64 // the same where a full tile has it

	dir  string // where files are written for Verify
	here files  // what is there
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	change := func(c *Config) {
		c.SegmentSize, c.wrap = 20_000, func(f file) file { return slow{f} }
		_, c.Public = testKeyFiles()
	}
	w := &world{t: t}
	for n := range 2 {
		l := openIn(t, dir, change)
		var g sync.WaitGroup
		for worker := range 4 {
			g.Go(func() {
				for i := range 80 {
					if _, err := l.Append(ctx, rich(1000*worker+i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		g.Wait()
		for short := true; short; short = w.endsShort(dir) {
			for i := range 8 {
				g.Go(func() {
					if _, err := l.Append(ctx, rich(i)); err != nil {
						t.Error(err)
					}
				})
			}
			g.Wait()
		}
		mustClose(t, l)
		if w.saved = l.Checkpoint(); n == 0 {
			w.older = readFiles(t, folderOf(dir))
		}
	}
	w.log = readFiles(t, folderOf(dir))
	w.mid, w.tiled = w.inside(600), w.inside(300)
	return w
}

// endsShort reports whether the last batch has fewer than three entries.
func (w *world) endsShort(dir string) bool {
	b := readFiles(w.t, folderOf(dir)).batches()
	return len(b[len(b)-1].bodies) < 3
}

// inside finds an entry that is neither the first nor the last of its batch.
func (w *world) inside(from uint64) uint64 {
	index := uint64(0)
	for _, b := range w.log.batches() {
		if n := uint64(len(b.bodies)); index >= from && n > 2 {
			return index + 1
		}
		index += uint64(len(b.bodies))
	}
	w.t.Fatal("no batch has three entries")
	return 0
}

// batch is the first index of an entry's batch, and of the one after it.
func (w *world) batch(of uint64) (first, next uint64) {
	for _, b := range w.log.batches() {
		if next += uint64(len(b.bodies)); next > of {
			return first, next
		}
		first = next
	}
	return first, next
}

// at is the number of the line of an entry in its segment, and the segment's name.
func (w *world) at(index uint64) (name string, line int) {
	name = segmentName(index / 256 * 256)
	n := index / 256 * 256
	for i, l := range strings.Split(w.log[name], "\n") {
		if isSeal([]byte(l)) {
			continue
		}
		if n == index {
			return name, i
		}
		n++
	}
	w.t.Fatalf("entry %d is not there", index)
	return "", 0
}

// entry changes the line of an entry.
func (w *world) entry(index uint64, change func(body string) string) files {
	name, at := w.at(index)
	return w.log.lines(name, func(lines []string) []string {
		lines[at] = lines[at][:hashLen+1] + change(lines[at][hashLen+1:])
		return lines
	})
}

// rehashed gives it the hash that fits.
func (w *world) rehashed(f files, index uint64) files {
	name, at := w.at(index)
	return f.lines(name, func(lines []string) []string {
		lines[at] = hashOf([]byte(strings.TrimSuffix(lines[at][hashLen+1:], "\n"))) + lines[at][hashLen:]
		return lines
	})
}

// refused checks that Verify says what was done.
func (w *world) refused(t *testing.T, f files, class Class, index uint64, change ...func(*Options)) {
	t.Helper()
	_, err := verify(t, w.left(t, f), change...)
	found(t, err, class, index)
}

// left returns a directory with these files, the same each time: only what differs is written.
func (w *world) left(t *testing.T, f files) string {
	t.Helper()
	if w.dir == "" {
		w.dir, w.here = w.t.TempDir(), files{}
	}
	changed := files{}
	for name, data := range f {
		if old, ok := w.here[name]; !ok || old != data {
			changed[name] = data
		}
	}
	changed.write(t, folderOf(w.dir))
	for name := range w.here {
		if _, ok := f[name]; !ok {
			if err := os.Remove(filepath.Join(folderOf(w.dir), name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.here = f.clone()
	return w.dir
}

// Every member of an entry, changed in four ways: as it is; with its hash put right; with the whole chain put right, and
// the tree, but without the key; and the same with the tiles.
func TestEditsOfEveryMemberAreFound(t *testing.T) {
	w := newWorld(t)
	typ := reflect.TypeFor[gate.Entry]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if member == "signature" { // the log's own, see TestEntrySignatures
			continue
		}
		t.Run(member, func(t *testing.T) {
			w.editMember(t, i, []uint64{w.mid, w.tiled}[i%2])
		})
	}
}

func (w *world) editMember(t *testing.T, field int, k uint64) {
	change := func(e *gate.Entry) { other(t, reflect.ValueOf(e).Elem().Field(field)) }
	edited := w.entry(k, func(body string) string {
		e, err := decode([]byte(strings.TrimSuffix(body, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		change(&e)
		out, err := newEncoder().encode(&e, nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(out) + "\n"
	})
	w.refused(t, edited, ClassEdited, k)
	chainMember := typeName(field) == "PreviousHash" || typeName(field) == "Timestamp"
	if !chainMember {
		w.refused(t, w.rehashed(edited, k), ClassEdited, k)
	}
	again := func(i uint64, e *gate.Entry) {
		if i == k && typeName(field) != "PreviousHash" {
			change(e)
		}
	}
	if chainMember {
		return
	}
	first, _ := w.batch(k)
	if k < 512 {
		first = k // the tile remembers it
	}
	w.refused(t, remake{origin: testSigner(t).Origin(), seal: keyless}.make(t, w.log, again), ClassForged, first)
	first, _ = w.batch(k)
	w.refused(t, remake{origin: testSigner(t).Origin(), seal: keyless, tiles: true}.make(t, w.log, again), ClassForged, first)
}

func typeName(field int) string { return reflect.TypeFor[gate.Entry]().Field(field).Name }

// other gives a member another value of its kind.
func other(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case *string:
		*x = swapLast(*x)
	case *gate.Outcome:
		*x = gate.Failure
	case *gate.Kind:
		*x = gate.KindCapability
	case *gate.Event:
		*x = gate.KeyRotate
	case *[]gate.PluginRef:
		(*x)[0].ModuleDigest = "d9"
	case *[]gate.WorkerRef:
		(*x)[0].Digest = "d9"
	case **gate.Verdict:
		*x = &gate.Verdict{Outcome: "redact"}
	case *[]string:
		*x = append(slices.Clone(*x), "attest")
	case *int64:
		*x++
	case *uint64:
		*x++
	case *bool:
		*x = !*x
	default:
		if v.Kind() != reflect.Slice {
			t.Fatalf("a member of type %v", v.Type())
		}
		v.SetBytes([]byte(`{"a":{"b":[2,"x"]}}`))
	}
}

// swapLast changes the last digit or letter, of a time the one before its Z.
func swapLast(s string) string {
	s, zone := strings.TrimSuffix(s, "Z"), s[len(strings.TrimSuffix(s, "Z")):]
	last := byte('1')
	if s[len(s)-1] == last {
		last = '2'
	}
	return s[:len(s)-1] + string(last) + zone
}
