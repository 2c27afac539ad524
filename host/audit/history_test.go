package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	signednote "golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/gate"
)

// A history is a log's folder as somebody reads it who has the format's description and x/mod: none of this package's own
// reading, no tree of its own.
type history struct {
	first    uint64 // index of the first entry that is there
	segments []string
	entries  []gate.Entry
	bodies   []string
	sealed   []uint64    // the size that each seal names
	hashes   []tlog.Hash // of the whole tree, in the order of tlog.StoredHashIndex

	last string // hash of the last entry
	time string
}

// read is the history of the log in dir, which must be whole: every entry chained and sealed, every seal signed, every full
// tile of entries on the disk. Verify must say so too.
func read(t testing.TB, dir string) *history {
	t.Helper()
	h, err := readHistory(t, folderOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	if report, err := verify(t, dir); err != nil || report.Size != h.size() || report.Start != h.first {
		t.Fatalf("Verify: %+v, %v; there are %d entries from %d on", report, err, h.size(), h.first)
	}
	return h
}

func readHistory(t testing.TB, folder string) (*history, error) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no segments: %v", err)
	}
	h := &history{last: strings.Repeat("0", 64)}
	if _, err := fmt.Sscanf(filepath.Base(names[0]), "%020d.log", &h.first); err != nil {
		return nil, err
	}
	if err := h.pruned(folder); err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil {
			h.segments = append(h.segments, filepath.Base(name))
			err = h.segment(t, filepath.Base(name), data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return h, h.tiles(folder)
}

// size is the index of the next entry.
func (h *history) size() uint64 { return h.first + uint64(len(h.entries)) }

// pruned takes the hashes of entries that went from the tiles that stayed.
func (h *history) pruned(folder string) error {
	for n := range h.first / tree.Width {
		data, err := os.ReadFile(filepath.Join(folder, tree.Tile{N: n, W: tree.Width}.Path()))
		if err != nil {
			return err
		}
		for i := range tree.Width {
			if err := h.grow(n*tree.Width+uint64(i), tlog.Hash(data[i*32:])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *history) grow(index uint64, leaf tlog.Hash) error {
	more, err := tlog.StoredHashesForRecordHash(int64(index), leaf, h)
	h.hashes = append(h.hashes, more...)
	return err
}

// ReadHashes implements tlog.HashReader.
func (h *history) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(h.hashes)) {
			return nil, fmt.Errorf("hash %d is not known", i)
		}
		out = append(out, h.hashes[i])
	}
	return out, nil
}

func (h *history) segment(t testing.TB, name string, data []byte) error {
	if want := fmt.Sprintf("%020d.log", h.size()); name != want || h.size()%256 != 0 {
		return fmt.Errorf("the segment should be %s", want)
	}
	begin := len(h.entries)
	for text := range strings.Lines(string(data)) {
		if !strings.HasSuffix(text, "\n") {
			return fmt.Errorf("the last line has no end: %q", text)
		}
		text = text[:len(text)-1]
		var err error
		if strings.HasPrefix(text, "seal ") {
			err = h.seal(t, text)
		} else {
			err = h.entry(text)
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", h.size(), err)
		}
	}
	if n := len(h.sealed); len(h.entries) > 0 && (n == 0 || h.sealed[n-1] != h.size()) {
		return fmt.Errorf("%d entries, seals: %v", h.size(), h.sealed)
	}
	if len(h.entries) > begin && (h.entries[begin].Event == gate.AuditRotate) != (name != segmentName(0)) {
		return fmt.Errorf("the segment begins with %+v", h.entries[begin])
	}
	return nil
}

func (h *history) entry(text string) error {
	sum, body, _ := strings.Cut(text, " ")
	raw := sha256.Sum256([]byte(body))
	var e gate.Entry
	in := json.NewDecoder(strings.NewReader(body))
	in.DisallowUnknownFields()
	if err := in.Decode(&e); err != nil {
		return err
	}
	switch {
	case sum != hex.EncodeToString(raw[:]):
		return fmt.Errorf("the line has not the hash of its entry")
	case h.size() == h.first && h.first > 0: // its predecessor was pruned
	case e.PreviousHash != h.last:
		return fmt.Errorf("it does not follow the one before")
	}
	if e.Timestamp < h.time {
		return fmt.Errorf("it is older than the one before")
	}
	if err := h.grow(h.size(), tlog.RecordHash([]byte(body))); err != nil {
		return err
	}
	h.entries, h.bodies, h.last, h.time = append(h.entries, e), append(h.bodies, body), sum, e.Timestamp
	return nil
}

// seal checks a seal as the Ed25519 line of a checkpoint, by x/mod.
func (h *history) seal(t testing.TB, text string) error {
	fields := strings.Split(text, " ")
	root, err := tlog.TreeHash(int64(h.size()), h)
	if err != nil {
		return err
	}
	if len(fields) != 4 || fields[1] != fmt.Sprint(h.size()) || fields[2] != root.String() {
		return fmt.Errorf("wrong seal, the root is %v: %s", root, text)
	}
	if err := openSealed(t, testSigner(t).Origin()+"\n"+fields[1]+"\n"+fields[2]+"\n", fields[3]); err != nil {
		return err
	}
	h.sealed = append(h.sealed, h.size())
	return nil
}

// openSealed puts a seal's signature into a signed note and opens that.
func openSealed(t testing.TB, text, sig string) error {
	raw, err := base64.StdEncoding.DecodeString(sig)
	if err != nil {
		return err
	}
	v := ed25519Verifier(t)
	raw = append(binary.BigEndian.AppendUint32(nil, v.KeyHash()), raw...)
	_, err = signednote.Open([]byte(text+"\n— "+v.Name()+" "+base64.StdEncoding.EncodeToString(raw)+"\n"), signednote.VerifierList(v))
	return err
}

func ed25519Verifier(t testing.TB) signednote.Verifier {
	v, err := signednote.NewVerifier(testSigner(t).Verifier().Keys().Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tiles holds the full tiles of the lowest level against the entries. Those of a log that was killed may not be there yet.
func (h *history) tiles(folder string) error {
	for n := range h.size() / tree.Width {
		want := h.tile(n, tree.Width)
		path := tree.Tile{N: n, W: tree.Width}.Path()
		if got, err := os.ReadFile(filepath.Join(folder, path)); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not that of the entries: %w", path, err)
		}
	}
	return nil
}

// tile is the beginning of a tile of the lowest level.
func (h *history) tile(n uint64, w int) []byte {
	var out []byte
	for i := range w {
		leaf := h.hashes[tlog.StoredHashIndex(0, int64(n*tree.Width)+int64(i))]
		out = append(out, leaf[:]...)
	}
	return out
}

// tlogRoot is the root hash of the first entries.
func tlogRoot(h *history, size uint64) (tlog.Hash, error) { return tlog.TreeHash(int64(size), h) }
