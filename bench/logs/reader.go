package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

// A Reader is Tessera's client of a log in the form of c2sp.org/tlog-tiles, whoever wrote that.
type Reader struct {
	from     fsck.Fetcher
	verifier note.Verifier
	tracker  *client.LogStateTracker
}

// NewReader opens a log that is signed with vkey under vkey's name. Its checkpoint is verified, and must follow the one
// seen before, if there is one.
func NewReader(ctx context.Context, from fsck.Fetcher, vkey string, before []byte) (*Reader, error) {
	quietly()
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	t, err := client.NewLogStateTracker(ctx, from.ReadTile, before, v, v.Name(), client.UnilateralConsensus(from.ReadCheckpoint))
	if err != nil {
		return nil, err
	}
	r := &Reader{from, v, t}
	return r, r.Update(ctx)
}

// Update looks for a newer checkpoint, which must prove that it holds everything of the one before.
func (r *Reader) Update(ctx context.Context) error {
	_, _, _, err := r.tracker.Update(ctx)
	return err
}

// Size is the size of the tree.
func (r *Reader) Size() uint64 { return r.tracker.Latest().Size }

// Entry reads one entry, and proves that it is in the tree.
func (r *Reader) Entry(ctx context.Context, index uint64) ([]byte, error) {
	head := r.tracker.Latest()
	bundle, err := client.GetEntryBundle(ctx, r.from.ReadEntryBundle, index/layout.EntryBundleWidth, head.Size)
	if err != nil {
		return nil, err
	}
	within := index % layout.EntryBundleWidth
	if within >= uint64(len(bundle.Entries)) {
		return nil, fmt.Errorf("entry %d is not in its bundle", index)
	}
	entry := bundle.Entries[within]
	builder, err := client.NewProofBuilder(ctx, head.Size, r.from.ReadTile)
	if err != nil {
		return nil, err
	}
	hashes, err := builder.InclusionProof(ctx, index)
	if err != nil {
		return nil, err
	}
	return entry, proof.VerifyInclusion(rfc6962.DefaultHasher, index, head.Size, rfc6962.DefaultHasher.HashLeaf(entry), hashes, head.Hash)
}

// Everything reads all entries, and compares every tile and the root with what they make. fsck's workers end at the first
// damage that they see, and when all have, it waits for ever: there must be more of them than damaged tiles.
func (r *Reader) Everything(ctx context.Context, workers uint) error {
	return fsck.New(r.verifier.Name(), r.verifier, r.from, leaves, fsck.Opts{N: workers}).Check(ctx)
}

func leaves(data []byte) (all [][]byte, err error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(data); err != nil {
		return nil, err
	}
	for _, e := range bundle.Entries {
		all = append(all, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return all, nil
}

// Paths is a log of which everything is at a path, as over HTTP: what fsck wants of it.
type Paths func(path string) ([]byte, error)

// ReadCheckpoint implements fsck.Fetcher.
func (p Paths) ReadCheckpoint(context.Context) ([]byte, error) { return p(layout.CheckpointPath) }

// ReadTile implements fsck.Fetcher.
func (p Paths) ReadTile(_ context.Context, level, index uint64, width uint8) ([]byte, error) {
	return p.partialOrFull(width, func(w uint8) string { return layout.TilePath(level, index, w) })
}

// ReadEntryBundle implements fsck.Fetcher.
func (p Paths) ReadEntryBundle(_ context.Context, index uint64, width uint8) ([]byte, error) {
	return p.partialOrFull(width, func(w uint8) string { return layout.EntriesPath(index, w) })
}

func (p Paths) partialOrFull(width uint8, path func(uint8) string) ([]byte, error) {
	data, err := p(path(width))
	if width > 0 && errors.Is(err, fs.ErrNotExist) {
		return p(path(0))
	}
	return data, err
}
