package crash

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/keys"
)

// This file is all that the suite knows of how the log is opened and asked.

const origin = "bulkhead/crash/0123456789abcdef"

// config is that of a job's log.
func config(j job) (audit.Config, error) {
	if j.signer == nil {
		key, err := keys.ReadAudit(j.Key)
		if err != nil {
			return audit.Config{}, err
		}
		if j.signer, err = checkpoint.NewSigner(origin, key); err != nil {
			return audit.Config{}, err
		}
	}
	return audit.Config{Dir: j.Dir, Signer: j.signer, SegmentSize: j.Segment, SignEach: j.SignEach}, nil
}

// openLog opens the log of a job.
func openLog(j job) (*audit.Log, error) {
	c, err := config(j)
	if err != nil {
		return nil, err
	}
	return audit.Open(c)
}

// prune takes away what is older than a time.
func prune(l *audit.Log, before time.Time) error {
	_, err := l.Prune(context.Background(), before, nil)
	return err
}

// verifyLog holds a closed log against itself.
func verifyLog(j job) error {
	_, err := audit.Verify(context.Background(), j.Dir, audit.Options{Verifier: j.signer.Verifier()})
	return err
}

// verify is verifyLog for a damaged log, against a checkpoint that was kept elsewhere if there is one.
func (c *corpse) verify() error {
	_, err := audit.Verify(context.Background(), c.job.Dir, audit.Options{Verifier: c.job.signer.Verifier(), Saved: c.saved})
	return err
}

// newKey makes a key and returns what reads it in other processes and in this one.
func newKey(t *testing.T) (string, *checkpoint.Signer) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Create(dir, "audit", keys.Audit, true); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.key")
	key, err := keys.ReadAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(origin, key)
	if err != nil {
		t.Fatal(err)
	}
	return path, signer
}

// A template is a closed log, to be copied.
type template struct {
	job   job
	acked acks
}

// beforeThird is how many entries a log has that is about to begin its third segment.
const beforeThird = 2*256 - 8

// newTemplate makes a log of so many entries in segments of 256.
func newTemplate(t *testing.T, n int) template {
	t.Helper()
	m := template{job: newJob(t), acked: acks{}}
	m.job.Life, m.job.Segment = "template", 1
	l, err := openLog(m.job)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for p := range 8 {
		all.Go(func() {
			for i := p; i < n; i += 8 {
				e := entries(job{Life: "template"}, i, 0)[0]
				r, err := l.Append(context.Background(), e)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				m.acked[r.Index] = r.Hash
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if err := l.Close(); err != nil || t.Failed() {
		t.Fatal(err)
	}
	return m
}

// copied returns a job on a copy of the template.
func (m template) copied(t *testing.T) job {
	t.Helper()
	j := m.job
	j.Dir = newFolder(t)
	if err := os.CopyFS(j.Dir, os.DirFS(m.job.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := private(j.Dir); err != nil {
		t.Fatal(err)
	}
	return j
}

// private closes a copied folder to others, as the log wants it.
func private(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o600)
		if d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
}

func newJob(t *testing.T) job {
	t.Helper()
	j := job{Dir: newFolder(t), Producers: 1}
	j.Key, j.signer = newKey(t)
	return j
}

// newFolder is the path of a folder that is not there yet, in memory if the machine has a place for files in memory:
// processes are ended there, not disks.
func newFolder(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "bulkhead-crash-")
	if err != nil {
		return filepath.Join(t.TempDir(), audit.FolderName)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, audit.FolderName)
}
