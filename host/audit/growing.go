package audit

import (
	"context"
	"io"
	"os"
	"time"
)

// Tries and pauses at the end of a log whose last batch is not whole: a running host may be writing it.
const (
	growTries = 5
	growPause = 50 * time.Millisecond
)

// growing reads a file whose last batch may be on its way.
type growing struct {
	ctx    context.Context
	file   *os.File
	whole  func(offset int64) bool
	offset int64
	tries  int
}

func (g *growing) Read(p []byte) (int, error) {
	for {
		n, err := g.file.Read(p)
		g.offset += int64(n)
		if n > 0 || err != io.EOF || g.whole(g.offset) || g.tries == growTries {
			return n, err
		}
		g.tries++
		select {
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		case <-time.After(growPause):
		}
	}
}
