package audit

import (
	"context"
	"errors"

	"bulkhead/host/checkpoint"
)

// Options say what Verify holds a log against.
type Options struct {
	Verifier *checkpoint.Verifier // of the log; nil: no signature is checked, only that everything fits together
	Saved    []byte               // a checkpoint of the log that was kept elsewhere, or nil; it needs the Verifier
	From     bool                 // believe what Saved covers, and check what came after
	Workers  int                  // how many segments at once; 0: one for each processor
	Progress func(done, total int64)
}

// A Report is what Verify saw of a log, up to the first problem.
type Report struct {
	Origin       string `json:"origin,omitempty"` // of the key that the signatures were checked with
	Key          string `json:"key,omitempty"`    // its id
	Size         uint64 `json:"size"`             // entries in the log that seals cover
	Root         string `json:"root"`             // base64, of the tree of that size
	Start        uint64 `json:"start"`            // first entry checked: what is before was pruned or is believed
	Pruned       uint64 `json:"pruned"`           // entries pruned by the host
	Checked      uint64 `json:"checked"`          // entries
	Segments     int    `json:"segments"`
	Seals        uint64 `json:"seals"`
	Signatures   uint64 `json:"signatures"`            // entries with signatures of their own
	Published    uint64 `json:"published"`             // size of the folder's own checkpoint; 0: there is none
	Saved        uint64 `json:"saved,omitempty"`       // size of the checkpoint kept elsewhere
	MissingTiles uint64 `json:"missing_tiles"`         // full tiles that are not on the disk
	First        string `json:"first,omitempty"`       // timestamp of the first entry checked
	Last         string `json:"last,omitempty"`        // timestamp of the last one
	Development  bool   `json:"development,omitempty"` // a host with development keys wrote some of it
	Checkpoint   []byte `json:"-"`                     // the folder's own, if it is good
}

// moves is how often Verify begins again because the host pruned what it was reading.
const moves = 5

// Verify reads the log in a folder, in bounded memory, and checks every entry, the chain, the tree, every seal, every tile
// and the published checkpoint; against a saved checkpoint, also that the log still holds everything that it held when that
// was signed. Without one, whole batches missing at the very end may not be seen, nor an older copy of the folder. A running
// host may be writing to it and pruning it. A *Problem says what is wrong; any other error is the reader's.
func Verify(ctx context.Context, dir string, o Options) (Report, error) {
	if o.Saved != nil && o.Verifier == nil {
		return Report{}, errors.New("a saved checkpoint needs the log's public key")
	}
	f, err := openFolder(dir)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	for try := 1; ; try++ {
		v := &verification{Options: o, folder: f}
		err := v.run(ctx)
		if errors.Is(err, errMoved) && try < moves {
			continue
		}
		if err == nil {
			v.report.Checkpoint = v.anchors.note
		}
		return v.report, err
	}
}

// diagnose names what is wrong with a log that Open refuses, nil if a whole reading finds nothing.
func diagnose(c Config) *Problem {
	_, err := Verify(context.Background(), c.Dir, Options{Verifier: c.Signer.Verifier()})
	var p *Problem
	errors.As(err, &p)
	return p
}
