package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"
)

// A Tessera is Tessera's appender on a file system, without its protection against duplicates.
type Tessera struct {
	add       tessera.AddFn
	published *tessera.PublicationAwaiter
	shutdown  func(context.Context) error
	cancel    context.CancelFunc
}

// What Tessera is told: the best of what was tried for every number of callers. Its own defaults wait much longer, as they
// are for logs where nobody waits for an answer.
const (
	oldest  = 2 * time.Millisecond // how long an entry waits for others, if there are not as many as callers
	looking = 5 * time.Millisecond // how often it is looked whether there is a checkpoint
)

// Often is the least time between two checkpoints that Tessera takes, Seldom what ours has.
const (
	Often  = 100 * time.Millisecond
	Seldom = time.Second
)

// NewTessera begins a log in a folder for so many callers, whose entries it takes as one batch. It must be closed.
func NewTessera(ctx context.Context, folder string, callers int, publishing time.Duration) (*Tessera, error) {
	quietly()
	key, _, err := note.GenerateKey(nil, "bench")
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(key)
	if err != nil {
		return nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	o := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(uint(callers), oldest).WithCheckpointInterval(publishing).
		WithGarbageCollectionInterval(0) // it would be at work in the turns of others
	a, shutdown, reader, err := tessera.NewAppender(ctx, driver, o)
	if err != nil {
		cancel()
		return nil, err
	}
	return &Tessera{a.Add, tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, looking), shutdown, cancel}, nil
}

// quietly keeps what Tessera has to say of its progress off the terminal; its errors go there.
func quietly() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
}

// Append is an Appender: the entry is durable and in the tree, but nothing signed says so yet.
func (l *Tessera) Append(ctx context.Context, entry []byte) error {
	_, err := l.add(ctx, tessera.NewEntry(entry))()
	return err
}

// Publish is an Appender that waits for a checkpoint with the entry, without which there is no receipt.
func (l *Tessera) Publish(ctx context.Context, entry []byte) error {
	_, _, err := l.published.Await(ctx, l.add(ctx, tessera.NewEntry(entry)))
	return err
}

// Close waits for the last checkpoint.
func (l *Tessera) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := l.shutdown(ctx)
	l.cancel()
	return errors.Join(err, ctx.Err())
}
