package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/host/gate"
)

// left returns a directory with a log of one segment as a crash left it, before its checkpoint was ever published.
func left(t testing.TB, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, FolderName), 0o700); err != nil {
		t.Fatal(err)
	}
	overwrite(t, dir, firstSegment, data)
	return dir
}

// split returns a segment's lines, each with its newline.
func split(data []byte) [][]byte { return slices.Collect(bytes.Lines(data)) }

// concat is some data, one behind the other.
func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// snapshot is everything in the folder of the log in dir.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, FolderName), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused opens a log that nobody may open, as it is: the problem, if it is one. The refused log must stay as it was.
func refused(t testing.TB, dir string, change ...func(*Config)) error {
	t.Helper()
	before := snapshot(t, dir)
	l, err := Open(config(t, dir, change...))
	if err == nil {
		l.Close()
		t.Fatal("the log was opened")
	}
	if after := snapshot(t, dir); !mapsEqual(before, after) {
		t.Errorf("the refused log was changed: %d files, were %d", len(after), len(before))
	}
	return err
}

func mapsEqual(a, b map[string]string) bool {
	for name, data := range a {
		if other, ok := b[name]; !ok || other != data {
			return false
		}
	}
	return len(a) == len(b)
}

// recovered opens a log that must be repaired behind the good bytes, and returns what was kept aside.
func recovered(t *testing.T, data, good []byte) []byte {
	t.Helper()
	dir := left(t, data)
	l := openIn(t, dir)
	mustAppend(t, l, note("after"))
	mustClose(t, l)
	if !bytes.HasPrefix(content(t, dir, firstSegment), good) {
		t.Fatal("a good entry was lost")
	}
	h := read(t, dir)
	n := 0
	for _, text := range split(good) {
		if !isSeal(text) {
			n++
		}
	}
	e := h.entries[n]
	if e.Event != gate.AuditRecover || e.Action != "audit/recover" || e.Kind != gate.KindHost || e.Resource != fmt.Sprintf("torn-%d", n) ||
		!strings.Contains(e.Reason, fmt.Sprintf(" %d bytes ", len(data)-len(good))) || count(h, gate.AuditRecover) != 1 {
		t.Fatalf("the entry about the repair: %+v", e)
	}
	if info, err := os.Stat(fileOf(dir, e.Resource)); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return content(t, dir, e.Resource)
}

func TestTornTailIsCutAtEveryByte(t *testing.T) {
	data := content(t, made(t, 3), firstSegment)
	start := len(concat(split(data)[:4]...))
	for end := start + 1; end < len(data); end++ {
		dir := left(t, data[:end])
		if (end-start)%32 == 1 || end == len(data)-1 { // the others as far as they differ from these
			if kept := recovered(t, data[:end], data[:start]); !bytes.Equal(kept, data[start:end]) {
				t.Fatalf("cut at %d: kept %q", end, kept)
			}
			continue
		}
		w := resumed(t, dir)
		if !bytes.Equal(content(t, dir, firstSegment), data[:start]) || !bytes.Equal(content(t, dir, "torn-2"), data[start:end]) || w.chain.size != 2 {
			t.Fatalf("cut at %d: %d entries", end, w.chain.size)
		}
	}
}

// resumed is a log as a start finds it, which writes nothing.
func resumed(t testing.TB, dir string) *writer {
	t.Helper()
	w := resumedOpen(t, dir)
	if err := errors.Join(w.tiles.close(), w.file.Close(), w.root.Close()); err != nil {
		t.Fatal(err)
	}
	return w
}

// resumedOpen is a log's writer that no goroutine has yet. Its close must be called.
func resumedOpen(t testing.TB, dir string) *writer {
	t.Helper()
	c := config(t, dir, func(c *Config) {
		c.wrap, c.Now, c.SegmentSize = func(f file) file { return f }, time.Now, DefaultSegment
	})
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := resume(c, root)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestFirstBatchTorn(t *testing.T) {
	data := content(t, made(t, 1), firstSegment)
	recovered(t, data[:len(data)/3], nil)
	recovered(t, data[:len(data)-1], nil)
	if l := openIn(t, left(t, nil)); l.Head().Size != 0 { // made, and nothing written
		t.Errorf("head %+v", l.Head())
	}
}

// Where blocks of the last write never reached the device there are zeros.
func TestHolesInTheLastBatchAreCut(t *testing.T) {
	data := content(t, made(t, 3), firstSegment)
	start := len(concat(split(data)[:4]...))
	for at := start; at < len(data); at += 40 {
		bad := bytes.Clone(data)
		clear(bad[at:min(at+20, len(bad))])
		recovered(t, bad, data[:start])
	}
}

// A power cut may lose any sectors of the last write, and keep later ones.
func TestTornBatchWithHolesIsCut(t *testing.T) {
	const sector = 512
	dir := t.TempDir()
	var v valve
	l := openIn(t, dir, v.into)
	v.together(t, l, slices.Repeat([]gate.Entry{note("x")}, 40)...)
	mustClose(t, l)
	data := content(t, dir, firstSegment)
	good := concat(split(data)[:2]...)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		bad := bytes.Clone(data[:len(good)+1+rng.IntN(len(data)-len(good))])
		lost := len(bad) < len(data)
		for at := len(good) / sector * sector; at < len(bad); at += sector {
			if rng.IntN(3) == 0 {
				clear(bad[max(at, len(good)):min(at+sector, len(bad))])
				lost = true
			}
		}
		if !lost {
			continue
		}
		dir := left(t, bad)
		w := resumed(t, dir)
		if got := content(t, dir, firstSegment); !bytes.Equal(got, good) || !bytes.Equal(content(t, dir, "torn-1"), bad[len(good):]) || w.tree.Size() != 1 {
			t.Fatal("a durable entry was lost, or a torn one believed")
		}
	}
}

func TestTornTailsOfOneIndexAreAllKept(t *testing.T) {
	data := content(t, made(t, 1), firstSegment)
	dir := left(t, data[:50])
	overwrite(t, dir, "torn-0", []byte("older")) // by a start that ended before it could cut
	mustClose(t, openIn(t, dir))
	if older, newer := content(t, dir, "torn-0"), content(t, dir, "torn-0.1"); string(older) != "older" || !bytes.Equal(newer, data[:50]) {
		t.Errorf("older %q, newer %q", older, newer)
	}
	mustClose(t, openIn(t, dir))
	if h := read(t, dir); h.size() != 2 || h.entries[0].Resource != "torn-0" || h.entries[1].Resource != "torn-0.1" {
		t.Errorf("reports: %+v", h.entries)
	}
}

func TestTooManyTornTailsAreRefused(t *testing.T) {
	data := content(t, made(t, 1), firstSegment)
	dir := left(t, data[:50])
	for i := range maxKept {
		overwrite(t, dir, tornName(0, i), nil)
	}
	if err := refused(t, dir); !strings.Contains(err.Error(), "torn tails") {
		t.Error(err)
	}
}

// edited is a line with another digit in its entry's id.
func edited(text []byte) []byte {
	out := bytes.Clone(text)
	at := bytes.Index(out, []byte(`{"id":"`)) + 10
	out[at] = "0123456789abcdef0"[bytes.IndexByte([]byte("0123456789abcdef"), out[at])+1]
	return out
}

// rehashed is a line of an entry with the hash that its bytes have.
func rehashed(text []byte) []byte {
	out, _ := appendLine(nil, bytes.TrimSuffix(text[hashLen+1:], []byte("\n")))
	return out
}

func TestDamageThatNoCrashExplainsIsRefused(t *testing.T) {
	data := content(t, made(t, 6), firstSegment)
	l := split(data) // entry, seal, entry, seal, ...
	hole := make([]byte, 100)
	text := bytes.Repeat([]byte("x\n"), maxBatch/2)
	foreign := split(content(t, made(t, 6), firstSegment))
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"edited", concat(concat(l[:4]...), edited(l[4]), concat(l[5:]...))},
		{"edited in the last batch", concat(concat(l[:10]...), edited(l[10]), l[11])},
		{"edited and rehashed", concat(concat(l[:10]...), rehashed(edited(l[10])), l[11])},
		{"edited before the last batch, and a hole at the end", concat(concat(l[:8]...), edited(l[8]), l[9], l[10], hole)},
		{"edited before a torn batch", concat(concat(l[:8]...), edited(l[8]), l[9], l[10][:50])},
		{"edited, rehashed, and a hole behind", concat(concat(l[:10]...), rehashed(edited(l[10])), l[11], hole)},
		{"a hole in a batch before the last", concat(concat(l[:8]...), l[8][:50], hole, l[8][150:], concat(l[9:]...))},
		{"a hole in the seal before the last", concat(concat(l[:9]...), l[9][:50], hole, l[9][len(l[9])-1:], concat(l[10:]...))},
		{"deleted", concat(concat(l[:2]...), concat(l[4:]...))},
		{"deleted with a hole behind", concat(concat(l[:2]...), concat(l[4:]...), hole)},
		{"swapped", concat(concat(l[:6]...), l[8], l[9], l[6], l[7], concat(l[10:]...))},
		{"swapped at the end", concat(concat(l[:8]...), l[10], l[11], l[8], l[9])},
		{"last one does not follow", concat(concat(l[:8]...), l[10], l[11])},
		{"copied", concat(data, l[10], l[11])},
		{"no entry", concat(data, rehashed(bytes.Replace(l[10], []byte(`"id"`), []byte(`"ID"`), 1)), l[11])},
		{"a seal twice", concat(data, l[11])},
		{"a seal with another size", concat(concat(l[:3]...), bytes.Replace(l[3], []byte("seal 2"), []byte("seal 3"), 1), concat(l[4:]...))},
		{"a seal without entries", l[1]},
		{"no seal but one that has no end", concat(concat(l[:9]...), l[11][:50], []byte("\n"))},
		{"another log's last batch", concat(concat(l[:10]...), foreign[10], foreign[11])},
		{"another log's last seal", concat(concat(l[:11]...), foreign[11])},
		{"a seal with a wrong signature", concat(concat(l[:11]...), resealed(t, l[11]))},
		{"no seal for more than a write", concat(data, bytes.Repeat(l[10], maxBatch/len(l[10])+1))},
		{"a hole far from the end", concat(l[0], l[1], hole, text)},
		{"no log at all", bytes.Repeat([]byte("hello\n"), 200_000)},
		{"an endless line", bytes.Repeat([]byte("x"), maxBatch+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p *Problem
			if err := refused(t, left(t, c.data)); !errors.As(err, &p) {
				t.Errorf("got %v, want a problem", err)
			}
		})
	}
}

// What the log's own key has sealed must be a chain too.
func TestASealedChainThatDoesNotHoldIsRefused(t *testing.T) {
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, disturb := range map[string]func(*writer){
		"another predecessor": func(w *writer) { w.chain.last = noHash },
		"back in time":        func(w *writer) { w.time, w.Now = old, func() time.Time { return old } },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openIn(t, dir)
			mustAppend(t, l, note("a"))
			disturb(l.writer)
			mustAppend(t, l, note("b"))
			mustClose(t, l)
			var p *Problem
			if err := refused(t, dir); !errors.As(err, &p) {
				t.Errorf("got %v, want a problem", err)
			}
		})
	}
}

// resealed is a seal with a signature by another key.
func resealed(t *testing.T, text []byte) []byte {
	s, err := parseSeal(bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	s.sig[7] ^= 1
	return append(appendSeal(nil, s), '\n')
}
