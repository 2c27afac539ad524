package audit

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// What an attacker does to a log, and what only a host with the key could do twice.

// files are those of a log's folder, by their paths in it.
type files map[string]string

func readFiles(t testing.TB, folder string) files {
	t.Helper()
	out := files{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (f files) write(t testing.TB, folder string) {
	t.Helper()
	for name, data := range f {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (f files) clone() files { return maps.Clone(f) }

// without drops the files whose names begin so.
func (f files) without(prefixes ...string) files {
	out := f.clone()
	maps.DeleteFunc(out, func(name, _ string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
	return out
}

// with replaces a file.
func (f files) with(name, data string) files {
	out := f.clone()
	out[name] = data
	return out
}

func (f files) segments() []string {
	var out []string
	for name := range f {
		if _, ok := parseSegment(name); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// lines replaces the lines of a segment.
func (f files) lines(name string, change func([]string) []string) files {
	return f.with(name, strings.Join(change(slices.Collect(strings.Lines(f[name]))), ""))
}

// A batch is entries and the line that seals them.
type sealed struct {
	segment string
	bodies  [][]byte
	line    string
}

func (f files) batches() []sealed {
	var out []sealed
	for _, name := range f.segments() {
		b := sealed{segment: name}
		for line := range strings.Lines(f[name]) {
			if isSeal([]byte(line)) {
				b.line = line
				out = append(out, b)
				b = sealed{segment: name}
				continue
			}
			b.bodies = append(b.bodies, []byte(strings.TrimSuffix(line[hashLen+1:], "\n")))
		}
	}
	return out
}

// A remake writes a log anew.
type remake struct {
	origin  string
	seal    func(checkpoint.Head, string) string // a new seal line from the head and the old line
	tiles   bool                                 // write the tiles anew too
	publish *checkpoint.Signer                   // and the checkpoint
}

// resigned makes seals of a signer.
func resigned(s *checkpoint.Signer) func(checkpoint.Head, string) string {
	return func(h checkpoint.Head, _ string) string {
		out := seal{size: h.Size, root: h.Root}
		copy(out.sig[:], s.Seal(h))
		return string(appendSeal(nil, out)) + "\n"
	}
}

// keyless makes the best seals that can be made without the key: the right root, and the old signature.
func keyless(h checkpoint.Head, old string) string {
	s, err := parseSeal([]byte(strings.TrimSuffix(old, "\n")))
	if err != nil {
		panic(err)
	}
	s.size, s.root = h.Size, h.Root
	return string(appendSeal(nil, s)) + "\n"
}

// make returns the log with every entry as change leaves it, and all that follows from that.
func (r remake) make(t testing.TB, f files, change func(index uint64, e *gate.Entry)) files {
	t.Helper()
	out := f.without("0")
	var whole tree.Tree
	var full []tree.Full
	last, encoder := noHash, newEncoder()
	for _, b := range f.batches() {
		var text bytes.Buffer
		for _, body := range b.bodies {
			e, err := decode(body)
			if err != nil {
				t.Fatal(err)
			}
			e.PreviousHash = last
			change(whole.Size(), &e)
			if body, err = encoder.encode(&e, nil); err != nil {
				t.Fatal(err)
			}
			var line []byte
			line, last = appendLine(nil, body)
			text.Write(line)
			if _, full, err = whole.Append(tlog.RecordHash(body), nil, full); err != nil {
				t.Fatal(err)
			}
		}
		head := checkpoint.Head{Origin: r.origin, Size: whole.Size(), Root: whole.Root()}
		line := r.seal(head, b.line)
		out[b.segment] += text.String() + line
	}
	if r.publish != nil {
		out[CheckpointName] = publishedBy(t, r.publish, checkpoint.Head{Origin: r.origin, Size: whole.Size(), Root: whole.Root()})
	}
	for _, tile := range full {
		if r.tiles {
			out[tile.Path()] = string(tile.Data)
		}
	}
	return out
}

func publishedBy(t testing.TB, s *checkpoint.Signer, h checkpoint.Head) string {
	t.Helper()
	note, err := s.Sign(h, s.Seal(h))
	if err == nil {
		note, err = s.Publish(note, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(note)
}
