package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/transparency-dev/tessera/client"

	"bulkhead/bench/logs"
	"bulkhead/bench/peers"
	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
)

const (
	verified    = 200_000 // entries
	verifiedFew = 3000    // where nothing is measured well
	verifyAim   = 5000    // nanoseconds for an entry: 200,000 a second
	verifyTurns = 6
)

// Contenders that verify a whole log.
const (
	nameVerify     = "host audit verify, one processor"
	nameVerifyAll  = "host audit verify, all processors"
	nameTesseraOne = "Tessera's fsck, one processor"
	nameTesseraAll = "Tessera's fsck, all processors"
)

// verifying compares the verification of one log, from its first entry on: ours reads what the host wrote, Tessera's the
// tiles that were exported from it.
func (b *bench) verifying(ctx context.Context) error {
	n := verified
	if b.config.Rounds < 10 {
		n = verifiedFew
	}
	folder, signer, err := b.longLog(ctx, n)
	if err != nil {
		return err
	}
	tiles, err := exported(ctx, folder, signer.Verifier())
	if err != nil {
		return err
	}
	ours := func(ctx context.Context) error {
		r, err := audit.Verify(ctx, filepath.Join(folder, audit.FolderName), audit.Options{Verifier: signer.Verifier(), Workers: runtime.GOMAXPROCS(0)})
		if err == nil && r.Checked < uint64(n) {
			err = fmt.Errorf("%d entries were checked of %d", r.Checked, n)
		}
		return err
	}
	theirs := func(ctx context.Context) error {
		r, err := logs.NewReader(ctx, client.FileFetcher{Root: tiles}, signer.Verifier().Keys().Ed25519, nil)
		if err != nil {
			return err
		}
		return r.Everything(ctx, uint(runtime.GOMAXPROCS(0)))
	}
	t, err := b.compare(ctx, comparison{
		name: "verify", title: "Verifying a log", base: nameVerify, rounds: verifyTurns, check: func([]byte) error { return nil },
		notes: fmt.Sprintf("The time for an entry of %d, which lie in the page cache. Ours reads the host's own files and checks every hash, the chain, the tree, the seal of each batch, all tiles and the checkpoint. "+
			"fsck reads the same log as tiles, and checks every hash, the tree, all tiles and the checkpoint.", n),
		entries: []entry{
			{name: nameVerify, open: opened(onOne(ours)), once: true, of: n}, {name: nameVerifyAll, open: opened(onAll(ours)), once: true, of: n},
			{name: nameTesseraOne, open: opened(onOne(theirs)), once: true, of: n}, {name: nameTesseraAll, open: opened(onAll(theirs)), once: true, of: n},
		},
	})
	if err == nil {
		b.aimMedian(t, "verification of an entry on one processor (200,000 a second)", verifyAim, nameVerify)
		b.aimRatio(t, "verification on one processor, ours over Tessera's", noAim, nameVerify, nameTesseraOne)
	}
	return err
}

// onAll is a caller that does something without an answer, and onOne one that has but one processor for it.
func onAll(do func(context.Context) error) peers.Caller {
	return func(ctx context.Context, dst, _ []byte) ([]byte, error) { return dst, do(ctx) }
}

func onOne(do func(context.Context) error) peers.Caller {
	return func(ctx context.Context, dst, _ []byte) ([]byte, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		return dst, do(ctx)
	}
}

// longLog makes a log of some entries, in the batches that many callers make.
func (b *bench) longLog(ctx context.Context, n int) (string, *checkpoint.Signer, error) {
	const callers = 512
	folder, err := b.temporary()
	if err != nil {
		return "", nil, err
	}
	l, signer, err := newLog(folder)
	if err != nil {
		return "", nil, err
	}
	defer l.Close()
	add := recording(l, false)
	failed := make(chan error, callers)
	for i := range callers {
		go func() {
			for range (n + callers - 1 - i) / callers {
				if err := add(ctx); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range callers {
		if err := <-failed; err != nil {
			return "", nil, err
		}
	}
	return folder, signer, l.Close()
}

// exported writes a log as tiles, and returns their folder.
func exported(ctx context.Context, folder string, v *checkpoint.Verifier) (string, error) {
	feed, err := audit.OpenFeed(filepath.Join(folder, audit.FolderName), v)
	if err != nil {
		return "", err
	}
	defer feed.Close()
	tiles := filepath.Join(folder, "tiles")
	site, err := audit.OpenSite(tiles, feed)
	if err != nil {
		return "", err
	}
	defer site.Close()
	_, err = site.Update(ctx)
	return tiles, err
}
