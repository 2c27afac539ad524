package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bulkhead/host/strictjson"
)

// A Head names a log and everything in it up to one entry. Saved where an attacker on this host cannot write, it makes
// a cut or rewritten log visible. The head of an empty log has size 0 and hashes of 64 zeros.
type Head struct {
	Origin string `json:"origin"` // hash of entry 0: tells this log from any other
	Size   uint64 `json:"size"`   // how many entries
	Hash   string `json:"hash"`   // hash of the last of them
}

const maxHead = 4 << 10

// check refuses what no log could have said.
func (h Head) check() error {
	empty := h == Head{Origin: noHash, Hash: noHash}
	if empty || h.Size > 0 && isHash(h.Origin) && isHash(h.Hash) && (h.Size > 1 || h.Origin == h.Hash) {
		return nil
	}
	return errors.New("the head does not name a log")
}

// ReadHead reads a saved head: exactly one JSON object with exactly the members of Head.
func ReadHead(path string) (Head, error) {
	f, err := openRead(path)
	if err != nil {
		return Head{}, fmt.Errorf("reading the saved head: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxHead+1))
	if err != nil {
		return Head{}, fmt.Errorf("reading the saved head: %w", err)
	}
	if len(data) > maxHead {
		return Head{}, fmt.Errorf("reading the saved head: more than %d bytes", maxHead)
	}
	var h Head
	if err := strictjson.Decode(data, &h); err != nil {
		return Head{}, fmt.Errorf("reading the saved head: %w", err)
	}
	return h, h.check()
}

// WriteHead saves h in a file of mode 0600, replacing an older one as a whole. It is durable when WriteHead returns nil.
func WriteHead(path string, h Head) error {
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encoding the head: %w", err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".head-")
	if err != nil {
		return fmt.Errorf("saving the head: %w", err)
	}
	defer os.Remove(f.Name()) // gone already after the rename
	err = writeSynced(f, append(data, '\n'))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("saving the head: %w", err)
	}
	return nil
}
