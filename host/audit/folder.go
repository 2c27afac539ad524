package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"bulkhead/host/audit/tree"
	"bulkhead/host/safefile"
)

// Names in the log's folder, beside segments and tiles.
const (
	FolderName     = "audit" // of the folder itself, in the state directory
	CheckpointName = "checkpoint"
	PublicName     = "audit.pub"
	reserveName    = "reserve"
	tornPrefix     = "torn-"
	oldName        = "audit.log" // what earlier versions kept in the state directory
)

const (
	segmentSuffix = ".log"
	segmentDigits = 20 // of a 64-bit number
)

// ErrInUse says that another process has the log open for writing.
var ErrInUse = errors.New("the log is in use by another host")

// claimFolder opens the log's folder, making it if it is missing, for this process alone: the lock goes with the second
// result.
func claimFolder(path string) (*os.Root, *os.File, error) {
	if err := os.Mkdir(path, 0o700); err == nil {
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, nil, err
	}
	root, err := safefile.OpenPrivate(path)
	if err != nil {
		return nil, nil, err
	}
	lock, err := root.Open(".")
	if err == nil {
		err = ignoringEINTR(func() error { return unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	}
	if err == nil {
		return root, lock, nil
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if lock != nil {
		lock.Close()
	}
	return nil, nil, errors.Join(err, root.Close())
}

// segmentName is the name of the segment that begins with entry first.
func segmentName(first uint64) string {
	return fmt.Sprintf("%0*d%s", segmentDigits, first, segmentSuffix)
}

// parseSegment reads a segment's name.
func parseSegment(name string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != segmentDigits {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil && first%tree.Width == 0 && segmentName(first) == name
}

// listSegments returns the first indices of the segments in a folder, in order. What has another name is none.
func listSegments(folder fs.FS) ([]uint64, error) {
	names, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var firsts []uint64
	for _, n := range names {
		if first, ok := parseSegment(n.Name()); ok {
			firsts = append(firsts, first)
		}
	}
	slices.SortFunc(firsts, cmp.Compare)
	return firsts, nil
}

// segmentOf returns the first index of the segment that has an entry, or would have it.
func segmentOf(segments []uint64, index uint64) (first uint64, err error) {
	at, there := slices.BinarySearch(segments, index)
	if !there {
		at--
	}
	if at < 0 {
		return 0, fmt.Errorf("entry %d: %w", index, fs.ErrNotExist)
	}
	return segments[at], nil
}
