package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/safefile"
)

// Pruned says what Prune took away. It is the detail of the entry about it. The zero value: nothing was old enough.
type Pruned struct {
	First    uint64 `json:"first"`    // index of the first entry that went
	Size     uint64 `json:"size"`     // of the first one that stayed
	Root     string `json:"root"`     // base64 root hash of the tree of that size
	Hash     string `json:"hash"`     // hex hash of the last entry that went
	Segments int    `json:"segments"` // how many files
	Bytes    int64  `json:"bytes"`    // of those files
}

// Prune deletes the oldest segments, as far as every entry in them is older than before; limit, if not nil, is the index of
// an entry that must stay, with all that follow. The last segment always stays. The tiles stay too: whoever holds an entry
// can prove it for ever, so nothing goes whose tiles are not right. A signed entry says what went, durable before anything
// goes.
func (l *Log) Prune(ctx context.Context, before time.Time, limit *uint64) (Pruned, error) {
	l.pruning.Lock()
	defer l.pruning.Unlock()
	p, err := l.Prunable(before, limit)
	if err != nil || p.Segments == 0 {
		return p, err
	}
	if err := l.writer.tiled(p); err != nil {
		return Pruned{}, fmt.Errorf("the tiles of what would be pruned: %w\nhint: the next start makes them anew", err)
	}
	detail, err := json.Marshal(p)
	if err != nil {
		return Pruned{}, fmt.Errorf("encoding what is pruned: %w", err)
	}
	e := l.writer.hostEntry(gate.AuditPrune, "audit/prune", FolderName, gate.Success, fmt.Sprintf("entries %d to %d", p.First, p.Size-1), detail)
	if _, err := l.push(ctx, e); err != nil {
		return Pruned{}, err
	}
	return p, l.writer.remove(p)
}

// tiled reports whether the tiles on the disk hold the tree of what goes: afterwards nothing else tells it.
func (w *writer) tiled(p Pruned) error {
	t, err := tree.Restore(p.Size, func(t tree.Tile) ([]byte, error) { return readTile(w.root, t) })
	if err != nil {
		return err
	}
	if root := t.Root(); base64.StdEncoding.EncodeToString(root[:]) != p.Root {
		return errRoot
	}
	return nil
}

// remove deletes the segments, the oldest first: whatever stays after a crash has no gap.
func (w *writer) remove(p Pruned) error {
	segments, err := listSegments(w.root.FS())
	if err != nil {
		return err
	}
	for _, first := range segments {
		if first >= p.Size {
			break
		}
		if err := w.root.Remove(segmentName(first)); err != nil {
			return fmt.Errorf("removing a segment: %w", err)
		}
		if err := safefile.Sync(w.root); err != nil {
			return fmt.Errorf("removing a segment: %w", err)
		}
	}
	return nil
}

// Prunable says what Prune would take away, and takes nothing.
func (l *Log) Prunable(before time.Time, limit *uint64) (Pruned, error) {
	w := l.writer
	segments, err := listSegments(w.root.FS())
	if err != nil {
		return Pruned{}, err
	}
	var p Pruned
	for i := 0; i+1 < len(segments); i++ {
		next := segments[i+1]
		if limit != nil && next > *limit {
			break
		}
		end, err := w.lastOf(segments[i])
		if err != nil {
			return Pruned{}, fmt.Errorf("reading %s: %w", segmentName(segments[i]), err)
		}
		if !end.time.Before(before) {
			break
		}
		if err := l.vouch(next, end); err != nil {
			return Pruned{}, fmt.Errorf("reading %s: %w", segmentName(segments[i]), err)
		}
		p = Pruned{segments[0], next, base64.StdEncoding.EncodeToString(end.seal.root[:]), end.hash, i + 1, p.Bytes + end.bytes}
	}
	return p, nil
}

// vouch makes sure that a segment ends as this log has made it. Everything in the file may have been edited: what it says
// of its age decides what goes, and the entry about a pruning is the host's own word for what went.
func (l *Log) vouch(next uint64, end ending) error {
	if end.seal.size != next {
		return &Problem{ClassDeleted, end.seal.size, fmt.Sprintf("it does not lead up to %s", segmentName(next))}
	}
	v := l.writer.Signer.Verifier()
	if !v.Seal(checkpoint.Head{Origin: v.Origin(), Size: next, Root: end.seal.root}, end.seal.sig[:]) {
		return &Problem{ClassForged, next - 1, "its last seal was not made with this log's key"}
	}
	err := l.covers(next-1, end.body)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the tiles of what would be pruned: %w\nhint: the next start makes them anew", err)
	}
	if err != nil {
		return &Problem{ClassEdited, next - 1, fmt.Sprintf("the tree does not prove the entry: %v", err)}
	}
	return nil
}

// An ending is what is known of a segment's last batch.
type ending struct {
	seal  seal
	body  []byte // of the last entry
	hash  string
	time  time.Time
	bytes int64
}

// lastOf reads the last entry and seal of a segment.
func (w *writer) lastOf(first uint64) (ending, error) {
	f, err := openSegment(w.root, segmentName(first), 0)
	if err != nil {
		return ending{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ending{}, err
	}
	tail := make([]byte, min(info.Size(), maxLine+int64(maxSeal)+2))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return ending{}, err
	}
	return parseEnding(tail, info)
}

func parseEnding(tail []byte, info os.FileInfo) (ending, error) {
	rest, sealed := cutLine(tail)
	s, err := parseSeal(sealed)
	if err != nil {
		return ending{}, err
	}
	_, last := cutLine(rest)
	rec, err := parseLine(last)
	if err != nil {
		return ending{}, err
	}
	return ending{s, rec.body, rec.hash, parseTime(rec.entry.Timestamp), info.Size()}, nil
}

// cutLine splits the last line off, without its newline. What does not end in a newline has no last line.
func cutLine(data []byte) (rest, last []byte) {
	if len(data) == 0 || data[len(data)-1] != '\n' {
		return nil, nil
	}
	data = data[:len(data)-1]
	at := bytes.LastIndexByte(data, '\n')
	return data[:at+1], data[at+1:]
}
