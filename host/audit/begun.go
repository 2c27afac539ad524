package audit

import (
	"fmt"
	"io"
	"os"

	"bulkhead/host/safefile"
)

// A begun segment is one that a rotation made and a crash left without a durable entry.
type begun struct {
	file  file
	first uint64
	size  int64
}

// interrupted takes the last of n segments for a begun one, if the published checkpoint says so: a rotation publishes the
// beginning of the new segment before it makes it.
func (r *replay) interrupted(n int) (*begun, error) {
	if n == 1 || r.saved == nil || r.saved.head.Size != r.first {
		return nil, &Problem{ClassTruncated, r.first, "the last segment has no entry, and the checkpoint is not that of its beginning"}
	}
	b := &begun{r.file, r.first, r.end}
	r.file = nil
	return b, nil
}

// withdraw keeps what is in the segment aside and removes it, in this order.
func (b *begun) withdraw(root *os.Root) error {
	if b == nil {
		return nil
	}
	if b.size > 0 {
		if err := keep(root, b.first, io.NewSectionReader(b.file, 0, b.size)); err != nil {
			return err
		}
	}
	if err := root.Remove(segmentName(b.first)); err != nil {
		return fmt.Errorf("withdrawing a segment: %w", err)
	}
	if err := safefile.Sync(root); err != nil {
		return fmt.Errorf("withdrawing a segment: %w", err)
	}
	return b.close()
}

func (b *begun) close() error {
	if b == nil || b.file == nil {
		return nil
	}
	f := b.file
	b.file = nil
	return f.Close()
}
