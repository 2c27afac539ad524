package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Oldest returns the index and the time of the first entry that was not pruned. An empty log is fs.ErrNotExist.
func (l *Log) Oldest() (index uint64, at time.Time, err error) {
	root := l.writer.root
	segments, err := listSegments(root.FS())
	if err != nil {
		return 0, at, err
	}
	if len(segments) == 0 || l.Head().Size == 0 {
		return 0, at, fmt.Errorf("the oldest entry: %w", fs.ErrNotExist)
	}
	index = segments[0]
	e, err := readEntry(root, index)
	if errors.Is(err, fs.ErrNotExist) { // pruned in this moment
		return 0, at, err
	}
	if err != nil {
		return 0, at, fmt.Errorf("reading the oldest entry: %w", err)
	}
	return index, parseTime(e.Timestamp), nil
}
