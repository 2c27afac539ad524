package crash

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// kept is what a log's files hold, read without the log's own code: lines by hand, the tree with x/mod.
type kept struct {
	dir     string
	first   uint64 // index of the first entry
	entries []keptEntry
	sealed  uint64
	last    checkpoint.Head // of the last seal
	sig     []byte
	hashes  map[int64]tlog.Hash // of the tree, by their index; those before first are in tiles
}

type keptEntry struct {
	hash string
	gate.Entry
}

const none = "0000000000000000000000000000000000000000000000000000000000000000"

// read reads a folder's segments, in order.
func read(dir string) (*kept, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no log in %s: %w", dir, err)
	}
	k := &kept{dir: dir, hashes: map[int64]tlog.Hash{}}
	if _, err := fmt.Sscanf(filepath.Base(files[0]), "%d.log", &k.first); err != nil {
		return nil, err
	}
	for _, file := range files { // sorted
		if err := k.segment(file); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	if k.sealed != k.size() {
		return nil, fmt.Errorf("the last seal is of %d entries, but there are %d", k.sealed, k.size())
	}
	return k, nil
}

func (k *kept) size() uint64 { return k.first + uint64(len(k.entries)) }

func (k *kept) segment(file string) error {
	var index uint64
	if _, err := fmt.Sscanf(filepath.Base(file), "%d.log", &index); err != nil || index != k.size() {
		return fmt.Errorf("begins behind entry %d: %w", k.size(), err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	in := bufio.NewScanner(bytes.NewReader(data))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if seal, ok := strings.CutPrefix(in.Text(), "seal "); ok {
			err = k.seal(seal)
		} else {
			err = k.line(in.Text())
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", k.size(), err)
		}
	}
	return in.Err()
}

func (k *kept) line(text string) error {
	hash, body, _ := strings.Cut(text, " ")
	sum := sha256.Sum256([]byte(body))
	if hex.EncodeToString(sum[:]) != hash {
		return fmt.Errorf("its hash is not %s", hash)
	}
	e := keptEntry{hash: hash}
	if err := json.Unmarshal([]byte(body), &e.Entry); err != nil {
		return err
	}
	previous := none
	if n := len(k.entries); n > 0 {
		previous = k.entries[n-1].hash
	}
	if e.PreviousHash != previous && k.size() != k.first || k.size() == 0 && e.PreviousHash != none {
		return fmt.Errorf("it does not follow the one before")
	}
	index := int64(k.size())
	added, err := tlog.StoredHashesForRecordHash(index, tlog.RecordHash([]byte(body)), tlog.HashReaderFunc(k.stored))
	if err != nil {
		return err
	}
	for i, h := range added {
		k.hashes[tlog.StoredHashIndex(0, index)+int64(i)] = h
	}
	k.entries = append(k.entries, e)
	return nil
}

func (k *kept) seal(text string) error {
	var root, sig string
	if _, err := fmt.Sscanf(text, "%d %s %s", &k.sealed, &root, &sig); err != nil {
		return err
	}
	if k.sealed != k.size() {
		return fmt.Errorf("a seal of %d entries behind %d", k.sealed, k.size())
	}
	want, err := tlog.TreeHash(int64(k.sealed), tlog.HashReaderFunc(k.stored))
	if err != nil {
		return err
	}
	if base64.StdEncoding.EncodeToString(want[:]) != root {
		return fmt.Errorf("the seal's root is %s, not %s", root, want)
	}
	k.last = checkpoint.Head{Origin: origin, Size: k.sealed, Root: want}
	k.sig, err = base64.StdEncoding.DecodeString(sig)
	return err
}

// stored returns hashes of the tree: computed ones, or of what was pruned those in the tiles.
func (k *kept) stored(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if h, ok := k.hashes[index]; ok {
			out[i] = h
			continue
		}
		got, err := tree.Reader(k.first, k.tile).ReadHashes([]int64{index})
		if err != nil {
			return nil, err
		}
		out[i], k.hashes[index] = got[0], got[0]
	}
	return out, nil
}

// tile reads a tile of what was pruned. A partial one is a beginning of the full one, or of what computed hashes make.
func (k *kept) tile(t tree.Tile) ([]byte, error) {
	full := t
	full.W = tree.Width
	data, err := os.ReadFile(filepath.Join(k.dir, full.Path()))
	if err == nil {
		return data[:min(len(data), t.W*tlog.HashSize)], nil
	}
	if !errors.Is(err, fs.ErrNotExist) || t.L == 0 {
		return nil, err
	}
	var out []byte
	for n := range t.W { // from the level below
		below, err := k.tile(tree.Tile{L: t.L - 1, N: t.N*tree.Width + uint64(n), W: tree.Width})
		if err != nil {
			return nil, err
		}
		h, err := whole(below)
		if err != nil {
			return nil, err
		}
		out = append(out, h[:]...)
	}
	return out, nil
}

// whole is the root of a full tile's hashes.
func whole(data []byte) (tlog.Hash, error) {
	if len(data) != tree.Width*tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("a tile of %d bytes", len(data))
	}
	var row []tlog.Hash
	for ; len(data) > 0; data = data[tlog.HashSize:] {
		row = append(row, tlog.Hash(data[:tlog.HashSize]))
	}
	for ; len(row) > 1; row = row[:len(row)/2] {
		for i := range len(row) / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0], nil
}

// tiles compares each full tile of level 0 with the entries that are there. After a start none may be missing.
func (k *kept) tiles() error {
	for n := k.first / tree.Width; (n+1)*tree.Width <= k.size(); n++ {
		path := tree.Tile{L: 0, N: n, W: tree.Width}.Path()
		data, err := os.ReadFile(filepath.Join(k.dir, path))
		if err != nil {
			return err
		}
		for i := range tree.Width {
			h := k.hashes[tlog.StoredHashIndex(0, int64(n*tree.Width+uint64(i)))]
			if at := i * tlog.HashSize; len(data) != tree.Width*tlog.HashSize || tlog.Hash(data[at:at+tlog.HashSize]) != h {
				return fmt.Errorf("%s does not have the hash of entry %d", path, n*tree.Width+uint64(i))
			}
		}
	}
	return nil
}
