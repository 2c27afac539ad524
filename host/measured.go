package main

import (
	"context"
	"time"

	"bulkhead/runtimes"
)

// A measured is how one call ended and what it used.
type measured struct {
	answer []byte
	err    error
	usage  runtimes.Usage
	took   time.Duration // the host's own measure, whoever reports the rest
}

// measureCall calls m; the answer is appended to dst.
func measureCall(ctx context.Context, m runtimes.Module, dst, request []byte) (c measured) {
	start := time.Now()
	c.answer, c.err = runtimes.Measure(ctx, m, dst, request, &c.usage)
	c.took = time.Since(start)
	return c
}
