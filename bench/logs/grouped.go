package logs

import (
	"context"
	"errors"
	"os"
	"sync"
)

// A Grouped is a log that shares flushes, and does nothing else: whatever is queued is one write and one flush. What ours
// takes beyond it is not the device's affair.
type Grouped struct {
	file  *os.File
	queue chan pending
	ended sync.WaitGroup
}

type pending struct {
	line []byte
	done chan error
}

// NewGrouped begins one in a folder. It must be closed, when nobody appends any more.
func NewGrouped(folder string) (*Grouped, error) {
	f, err := create(folder)
	if err != nil {
		return nil, err
	}
	l := &Grouped{file: f, queue: make(chan pending, 1024)}
	l.ended.Go(l.run)
	return l, nil
}

// Close ends it.
func (l *Grouped) Close() error {
	close(l.queue)
	l.ended.Wait()
	return l.file.Close()
}

// Append is an Appender.
func (l *Grouped) Append(_ context.Context, entry []byte) error {
	p := pending{append(append(make([]byte, 0, len(entry)+1), entry...), '\n'), make(chan error, 1)}
	l.queue <- p
	return <-p.done
}

func (l *Grouped) run() {
	var batch []pending
	var data []byte
	for p := range l.queue {
		batch, data = append(batch[:0], p), append(data[:0], p.line...)
		for range len(l.queue) {
			p := <-l.queue
			batch, data = append(batch, p), append(data, p.line...)
		}
		_, err := l.file.Write(data)
		err = errors.Join(err, l.file.Sync())
		for _, p := range batch {
			p.done <- err
		}
	}
}
