// Package logs appends to logs as others do: what ours is compared with.
package logs

import (
	"context"
	"os"
	"path/filepath"
)

// An Appender puts an entry into a log, and returns when it is durable by that log's own promise. It is safe for
// concurrent use.
type Appender func(ctx context.Context, entry []byte) error

// create makes the one file of a log.
func create(folder string) (*os.File, error) {
	return os.OpenFile(filepath.Join(folder, "log"), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}
