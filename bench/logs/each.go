package logs

import (
	"context"
	"encoding/base64"
	"os"
	"sync"

	"bulkhead/host/keys"
)

// An Each is the log that a careful author writes first: each entry is one line, one write and one flush to the device,
// under a lock.
type Each struct {
	mu   sync.Mutex
	file *os.File
}

// NewEach begins one in a folder. It must be closed.
func NewEach(folder string) (*Each, error) {
	f, err := create(folder)
	if err != nil {
		return nil, err
	}
	return &Each{file: f}, nil
}

// Close ends it.
func (l *Each) Close() error { return l.file.Close() }

// Append is an Appender: it signs nothing.
func (l *Each) Append(_ context.Context, entry []byte) error {
	line := append(append(make([]byte, 0, len(entry)+1), entry...), '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write(line)
}

// Signing is an Appender that signs each entry with key. Alone, all is done under the lock; otherwise callers sign at the
// same time, and only write one after another.
func (l *Each) Signing(key *keys.Private, alone bool) Appender {
	return func(_ context.Context, entry []byte) error {
		if alone {
			l.mu.Lock()
			defer l.mu.Unlock()
		}
		line, err := signed(key, entry)
		if err != nil {
			return err
		}
		if !alone {
			l.mu.Lock()
			defer l.mu.Unlock()
		}
		return l.write(line)
	}
}

func (l *Each) write(line []byte) error {
	if _, err := l.file.Write(line); err != nil {
		return err
	}
	return l.file.Sync()
}

// signed is an entry, a JSON object, with its signature as the last member.
func signed(key *keys.Private, entry []byte) ([]byte, error) {
	signature, err := key.Sign(entry, "bulkhead/entry/v1")
	if err != nil {
		return nil, err
	}
	line := make([]byte, 0, len(entry)+base64.StdEncoding.EncodedLen(len(signature))+20)
	line = append(line, entry[:len(entry)-1]...)
	line = append(line, `,"signature":"`...)
	line = base64.StdEncoding.AppendEncode(line, signature)
	return append(line, "\"}\n"...), nil
}
