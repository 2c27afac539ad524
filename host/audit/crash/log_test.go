package crash

import (
	"os"
	"path/filepath"
	"time"

	"bulkhead/host/audit"
)

// This file is all that the suite knows of how the log is opened and asked.

// openLog opens the log of a job.
func openLog(j job) (*audit.Log, error) { return audit.Open(audit.Config{Dir: j.Dir}) }

// prune takes away what is older than a time.
func prune(*audit.Log, time.Time) error { return nil }

// verifyLog holds a closed log against itself.
func verifyLog(j job) error {
	_, err := audit.VerifyFile(filepath.Join(j.Dir, audit.FileName), nil)
	return err
}

// newKey makes what jobs need beside a folder.
func newKey(dir string) (string, error) { return "", os.MkdirAll(dir, 0o700) }
