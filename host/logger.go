package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	maxLogQueue = 256         // records on their way to standard error
	lastLines   = time.Second // what they get when the host ends
)

// newLogger writes the host's own log and the plugins' lines to standard error. The function must be called at the end.
func newLogger(s *streams) (*slog.Logger, func()) {
	handler := func(w io.Writer) slog.Handler {
		if s.json {
			return slog.NewJSONHandler(w, nil)
		}
		return slog.NewTextHandler(w, nil)
	}
	direct := slog.New(handler(s.err))
	w := newLogQueue(s.err, func(n int64) { direct.Warn("standard error was not read: records are lost", "lost", n) })
	return slog.New(handler(w)), w.close
}

// A logQueue writes from a goroutine of its own. Whoever started the host may not read what it says; that must not hold the
// guests that log, nor anybody else.
type logQueue struct {
	records chan []byte
	lost    atomic.Int64
	stop    chan struct{} // closed by close
	ended   chan struct{}
}

// newLogQueue writes to out. Where records were lost, notice is called, in their place.
func newLogQueue(out io.Writer, notice func(lost int64)) *logQueue {
	q := &logQueue{records: make(chan []byte, maxLogQueue), stop: make(chan struct{}), ended: make(chan struct{})}
	go q.run(out, notice)
	return q
}

// Write takes one record, as slog hands it over. It never waits and never fails.
func (q *logQueue) Write(record []byte) (int, error) {
	select {
	case q.records <- bytes.Clone(record):
	default:
		q.lost.Add(1)
	}
	return len(record), nil
}

func (q *logQueue) run(out io.Writer, notice func(lost int64)) {
	defer close(q.ended)
	for {
		select {
		case r := <-q.records:
			out.Write(r) // there is nobody to tell
		case <-q.stop:
			for len(q.records) > 0 {
				out.Write(<-q.records)
			}
			q.report(notice)
			return
		}
		if len(q.records) == 0 {
			q.report(notice)
		}
	}
}

func (q *logQueue) report(notice func(lost int64)) {
	if n := q.lost.Swap(0); n > 0 {
		notice(n)
	}
}

// close waits for what was written so far, but not for ever.
func (q *logQueue) close() {
	close(q.stop)
	select {
	case <-q.ended:
	case <-time.After(lastLines):
	}
}
