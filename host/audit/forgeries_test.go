package audit

import (
	"slices"
	"strings"
	"testing"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

// What can be done to seals, checkpoints, tiles and whole histories.

func (w *world) onSeals() []attack {
	mid := w.mid
	first, next := w.batch(mid)
	name, at := w.sealOf(mid)
	lines := strings.SplitAfter(w.log[name], "\n")
	after := w.batchAfter(next)
	change := func(f func(l []string) []string) files {
		return w.log.lines(name, func(l []string) []string { return f(slices.Clone(l)) })
	}
	size := w.size()
	last := w.lastBatch(size)
	return []attack{
		{name: "seal's signature edited", files: w.resealed(mid, func(s *seal) { s.sig[3] ^= 1 }), class: ClassResealed, index: first},
		{name: "seal's root edited", files: w.resealed(mid, func(s *seal) { s.root[3] ^= 1 }), class: ClassResealed, index: first},
		{name: "seal's size edited", files: w.resealed(mid, func(s *seal) { s.size++ }), class: ClassResealed, index: first},
		{name: "the last seal's signature edited", files: w.resealed(size-1, func(s *seal) { s.sig[3] ^= 1 }), class: ClassForged, index: last},
		{name: "seal unreadable", files: change(func(l []string) []string { l[at] = "seal x\n"; return l }), class: ClassResealed, index: first},
		{name: "seal moved up", files: change(func(l []string) []string { l[at], l[at-1] = l[at-1], l[at]; return l }), class: ClassResealed, index: first},
		{name: "seal moved down", files: change(func(l []string) []string { l[at], l[at+1] = l[at+1], l[at]; return l }), class: ClassResealed, index: first},
		{name: "seal repeated", files: change(func(l []string) []string { return slices.Insert(l, at, l[at]) }), class: ClassResealed, index: next},
		{name: "seal of another size", files: change(func(l []string) []string { l[at] = lines[w.lineOfSeal(after)]; return l }), class: ClassResealed, index: first},
		{name: "seal in front of the first entry", files: w.log.with(segmentName(0), lines[at]+w.log[segmentName(0)]), class: ClassResealed, index: 0},
		// The entries are covered by the next seal: where a batch ends is no evidence of anything.
		{name: "seal deleted in the middle", files: change(func(l []string) []string { return slices.Delete(l, at, at+1) })},
		{name: "the last seal deleted", files: w.log.lines(segmentName(512), func(l []string) []string { return l[:len(l)-1] }), class: ClassTruncated, index: last},
	}
}

// batchAfter is the end of the batch that begins at an index.
func (w *world) batchAfter(first uint64) uint64 {
	_, next := w.batch(first)
	return next
}

// lineOfSeal is the line of the seal of a size.
func (w *world) lineOfSeal(size uint64) int {
	_, at := w.sealOf(size - 1)
	return at
}

func (w *world) onHistory() []attack {
	own := testSigner(w.t)
	k, public := newKey()
	stranger, err := checkpoint.NewSigner(own.Origin(), k)
	if err != nil {
		w.t.Fatal(err)
	}
	elsewhere, err := checkpoint.NewSigner("bulkhead/elsewhere/0123456789abcdef", testKey())
	if err != nil {
		w.t.Fatal(err)
	}
	edit := func(i uint64, e *gate.Entry) {
		if i == w.mid {
			e.Resource = "another"
		}
	}
	nothing := func(uint64, *gate.Entry) {}
	redo := func(s *checkpoint.Signer, change func(uint64, *gate.Entry)) files {
		return remake{origin: s.Origin(), seal: resigned(s), tiles: true, publish: s}.make(w.t, w.log, change)
	}
	fork := redo(own, edit)
	first, _ := w.batch(w.mid)
	name, mid := w.at(w.mid)
	early := redo(own, func(i uint64, e *gate.Entry) {
		if i == 0 {
			e.Resource = "another"
		}
	})
	splice := func(at int) files {
		return w.log.with(name, strings.Join(slices.Concat(strings.SplitAfter(w.log[name], "\n")[:at], strings.SplitAfter(early[name], "\n")[at:]), ""))
	}
	_, at := w.sealOf(first - 1)
	s := against(w.saved)
	size := w.size()
	return []attack{
		{name: "written anew without the key", files: remake{origin: own.Origin(), seal: keyless, tiles: true}.make(w.t, w.log, edit), class: ClassForged, index: first},
		{name: "a fork of the key", files: fork},
		{name: "a fork of the key, against what was saved", files: fork, class: ClassForked, index: size - 1, with: []func(*Options){s}},
		{name: "a fork of the key, from what was saved", files: fork, class: ClassForked, index: size - 1, with: []func(*Options){s, from}},
		{name: "a fork of the key, with the checkpoint of the other", files: fork.with(CheckpointName, w.log[CheckpointName]), class: ClassForked, index: size - 1},
		{name: "another history of the key behind a batch", files: splice(at + 1), class: ClassForked, index: first},
		{name: "another history of the key inside of a batch", files: splice(mid), class: ClassEdited, index: w.mid - 1},
		{name: "an entry of the fork", files: w.entry(w.mid, func(string) string { n, i := w.at(w.mid); return strings.SplitAfter(fork[n], "\n")[i][hashLen+1:] }), class: ClassEdited, index: w.mid},
		{name: "a segment of the fork", files: w.log.with(name, fork[name]), class: ClassForked, index: size - 1},
		{name: "another key", files: redo(stranger, nothing).with(PublicName, string(public)), class: ClassForeign, index: 0},
		{name: "another key, but for audit.pub", files: redo(stranger, nothing), class: ClassForeign, index: 0},
		{name: "another key, but for audit.pub and the checkpoint", files: redo(stranger, nothing).with(CheckpointName, w.log[CheckpointName]), class: ClassForged, index: 0},
		{name: "another origin", files: redo(elsewhere, nothing), class: ClassForeign, index: 0},
		{name: "a saved checkpoint of another key", files: w.log, class: ClassForeign, index: 0, with: []func(*Options){against([]byte(redo(stranger, nothing)[CheckpointName]))}},
		{name: "a saved checkpoint of another origin", files: w.log, class: ClassForeign, index: 0, with: []func(*Options){against([]byte(redo(elsewhere, nothing)[CheckpointName]))}},
		{name: "audit.pub of another key", files: w.log.with(PublicName, string(public)), class: ClassForeign, index: 0},
		{name: "audit.pub gone", files: w.log.without(PublicName)},
		{name: "another key, and nobody knows the right one", files: redo(stranger, nothing).with(PublicName, string(public)), with: []func(*Options){func(o *Options) { o.Verifier = stranger.Verifier() }}},
		{name: "forged, and nobody looks at signatures", files: remake{origin: own.Origin(), seal: keyless, tiles: true}.make(w.t, w.log, edit), with: []func(*Options){func(o *Options) { o.Verifier = nil }}},
		{name: "checkpoint of another key", files: w.log.with(CheckpointName, redo(stranger, nothing)[CheckpointName]), class: ClassForeign, index: 0},
	}
}

// onRules are logs that only somebody with the key can make, and no host does.
func (w *world) onRules() []attack {
	own := testSigner(w.t)
	made := func(index uint64, change func(*gate.Entry)) files {
		return remake{origin: own.Origin(), seal: resigned(own), tiles: true, publish: own}.make(w.t, w.log, func(i uint64, e *gate.Entry) {
			if i == index {
				change(e)
			}
		})
	}
	early := func(e *gate.Entry) { e.Timestamp = "2001-01-01T00:00:00.000000Z" }
	event := func(name gate.Event) func(*gate.Entry) { return func(e *gate.Entry) { e.Event = name } }
	detail := func(text string) func(*gate.Entry) { return func(e *gate.Entry) { e.Detail = []byte(text) } }
	return []attack{
		{name: "time goes back", files: made(w.mid, early), class: ClassMalformed, index: w.mid},
		{name: "time goes back between segments", files: made(256, early), class: ClassMalformed, index: 256},
		{name: "a rotation inside of a segment", files: made(w.mid, event(gate.AuditRotate)), class: ClassMalformed, index: w.mid},
		{name: "a segment without a rotation", files: made(256, event(gate.HostStart)), class: ClassMalformed, index: 256},
		{name: "a rotation from another segment", files: made(512, detail(`{"open":[],"segment":"00000000000000000000.log","latest":{}}`)), class: ClassMalformed, index: 512},
		{name: "a rotation from a later segment", files: made(512, detail(`{"open":[],"segment":"00000000000000000768.log","latest":{}}`)), class: ClassMalformed, index: 512},
		{name: "a rotation with decisions to come", files: made(512, detail(`{"open":[512],"segment":"00000000000000000256.log","latest":{}}`)), class: ClassMalformed, index: 512},
		{name: "a rotation without words", files: made(512, detail(`{}`)), class: ClassMalformed, index: 512},
		{name: "a pruning that says nothing", files: made(w.mid, event(gate.AuditPrune)), class: ClassMalformed, index: w.mid},
	}
}

// Where batches end is no evidence, but no write is larger than one batch may be.
func TestVerifyWantsASealForEveryBatch(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	e := note("large")
	e.Reason = strings.Repeat("x", 60_000)
	for range 20 {
		mustAppend(t, l, e)
	}
	mustClose(t, l)
	f := readFiles(t, folderOf(dir)).lines(segmentName(0), func(l []string) []string {
		last := l[len(l)-1]
		return append(slices.DeleteFunc(l, func(line string) bool { return isSeal([]byte(line)) }), last)
	})
	(&world{t: t}).refused(t, f, ClassResealed, 0)
}

func (w *world) onTheRest() []attack {
	tile0, tile1 := "tile/0/000", "tile/0/001"
	flipped := []byte(w.log[tile1])
	flipped[5*32] ^= 1
	note := w.log[CheckpointName]
	lines := strings.SplitAfter(note, "\n")
	dropped := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	return []attack{
		{name: "tile edited", files: w.log.with(tile1, string(flipped)), class: ClassMistiled, index: 256 + 5},
		{name: "tiles swapped", files: w.log.with(tile0, w.log[tile1]).with(tile1, w.log[tile0]), class: ClassMistiled, index: 0},
		{name: "tile short", files: w.log.with(tile1, w.log[tile1][:100]), class: ClassMistiled, index: 256},
		{name: "tile long", files: w.log.with(tile1, w.log[tile1]+"x"), class: ClassMistiled, index: 256},
		{name: "tiles gone", files: w.log.without("tile")},
		{name: "tiles gone, from what was saved", files: w.log.without("tile"), class: ClassMistiled, index: 0, with: []func(*Options){against(w.saved), from}},
		{name: "tile edited, from what was saved", files: w.log.with(tile1, string(flipped)), class: ClassMistiled, index: 256 + 5, with: []func(*Options){against(w.saved), from}},
		{name: "a tile behind the end", files: w.log.with("tile/0/002", w.log[tile1]), class: ClassTruncated, index: w.size()},
		{name: "checkpoint gone", files: w.log.without(CheckpointName), class: ClassRolledBack, index: 512},
		{name: "checkpoint older", files: w.log.with(CheckpointName, w.checkpointAt(w.lastBatch(w.size())))},
		{name: "checkpoint older than the last segment", files: w.log.with(CheckpointName, w.checkpointAt(w.lastBatch(400))), class: ClassRolledBack, index: w.lastBatch(400)},
		{name: "checkpoint without its Ed25519 line", files: w.log.with(CheckpointName, dropped(4)), class: ClassForeign, index: 0},
		{name: "checkpoint without its composite line", files: w.log.with(CheckpointName, dropped(5)), class: ClassForeign, index: 0},
		{name: "checkpoint without its ML-DSA-44 line", files: w.log.with(CheckpointName, dropped(6)), class: ClassForeign, index: 0},
		{name: "checkpoint with a witness's line", files: w.log.with(CheckpointName, note+"— witness.example "+strings.Repeat("A", 16)+"\n")},
		{name: "checkpoint emptied", files: w.log.with(CheckpointName, ""), class: ClassForeign, index: 0},
		{name: "files that are nothing", files: w.log.with("x.log", "x").with("torn-3", "x").with("00000000000000000001.log", "x").with("tile/0/001.p/3", "x")},
	}
}
