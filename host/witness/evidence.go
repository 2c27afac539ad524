package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bulkhead/host/safefile"
)

// Evidence is two checkpoints of one log, both signed by it, of which neither contains the other. Whoever has the log's
// public key can see that; no other key made them.
type Evidence struct {
	Origin string `json:"origin"`
	First  string `json:"first"` // what was seen before
	Second string `json:"second"`

	cause error
}

// Error says what the two show.
func (e *Evidence) Error() string { return e.cause.Error() }

// Unwrap returns ErrFork, with its words.
func (e *Evidence) Unwrap() error { return e.cause }

const maxEvidence = 1000

// Save writes the evidence into a new file beside path, named path.fork-N, and returns its name. It is durable when Save
// returns nil.
func (e *Evidence) Save(path string) (string, error) {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding the evidence: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("keeping the evidence: %w", err)
	}
	defer root.Close()
	for n := range maxEvidence {
		name := fmt.Sprintf("%s.fork-%d", filepath.Base(path), n)
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keeping the evidence: %w", err)
		}
		_, err = f.Write(append(data, '\n'))
		if err = errors.Join(err, f.Sync(), f.Close(), safefile.Sync(root)); err != nil {
			return "", fmt.Errorf("keeping the evidence: %w", err)
		}
		return filepath.Join(filepath.Dir(path), name), nil
	}
	return "", fmt.Errorf("keeping the evidence: there are %d pieces of it already", maxEvidence)
}
