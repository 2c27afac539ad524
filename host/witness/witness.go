// Package witness follows the logs of others: it remembers the last head that it saw of each, and believes a new one only
// if its tree contains the old. What a log's key signs proves that the log said it; that it said one thing to everybody,
// and took nothing back, needs somebody else who remembers.
//
// Invariants: what was seen is durable before anything is cosigned; a head that does not contain the last one is never
// forgotten as if it were nothing: both notes, each signed by the log, are kept as evidence.
package witness

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// The reasons why a head is not believed.
var (
	ErrOrigin   = errors.New("this is another log")
	ErrRollback = errors.New("the log was rolled back")                 // the new head is smaller
	ErrFork     = errors.New("the log was forked")                      // the new head does not contain the old one
	ErrOlder    = errors.New("the checkpoint is older than one before") // by its time
	ErrTiles    = errors.New("the tiles are not those of the checkpoint")
)

// Tiles reads a tile of a log, from wherever. Nothing that it returns is believed.
type Tiles func(tree.Tile) ([]byte, error)

// Holds makes sure that the tiles make up the head's tree.
func Holds(h checkpoint.Head, tiles Tiles) error {
	got, err := tlog.TreeHash(int64(h.Size), tree.Reader(h.Size, tiles))
	if err != nil {
		return fmt.Errorf("reading the tiles: %w", err)
	}
	if got != tlog.Hash(h.Root) {
		return ErrTiles
	}
	return nil
}

// Follows makes sure that the tree of a new head contains that of an old one of the same log. The error is or wraps
// ErrOrigin, ErrRollback, ErrFork, ErrTiles, or what reading the tiles failed with. It is ErrFork only if the new head proves
// it: no false tile accuses a log.
func Follows(old, new checkpoint.Head, tiles Tiles) error {
	switch {
	case old.Origin != new.Origin:
		return fmt.Errorf("%w: %s is not %s", ErrOrigin, new.Origin, old.Origin)
	case new.Size < old.Size:
		return fmt.Errorf("%w: it had %d entries, and now has %d", ErrRollback, old.Size, new.Size)
	case new.Size == old.Size && new.Root != old.Root:
		return fmt.Errorf("%w: there are two roots of its first %d entries", ErrFork, new.Size)
	case new.Size == old.Size:
		return nil
	case old.Size == 0:
		return Holds(new, tiles)
	}
	reader := tree.Reader(new.Size, tiles)
	before, err := tlog.TreeHash(int64(old.Size), reader)
	if err != nil {
		return fmt.Errorf("reading the tiles: %w", err)
	}
	proof, err := tlog.ProveTree(int64(new.Size), int64(old.Size), reader)
	if err != nil {
		return fmt.Errorf("reading the tiles: %w", err)
	}
	if tlog.CheckTree(proof, int64(new.Size), tlog.Hash(new.Root), int64(old.Size), before) != nil {
		return ErrTiles
	}
	if before != tlog.Hash(old.Root) { // and CheckTree has shown that before is right
		return fmt.Errorf("%w: its %d entries do not begin with the %d of before", ErrFork, new.Size, old.Size)
	}
	return nil
}
