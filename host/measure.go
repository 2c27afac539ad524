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

// measure calls m; the answer is appended to dst.
func measure(ctx context.Context, m runtimes.Module, dst, request []byte) (c measured) {
	start := time.Now()
	if meter, ok := m.(runtimes.Meter); ok {
		c.answer, c.err = meter.Measure(ctx, dst, request, &c.usage)
	} else {
		c.answer, c.err = m.Call(ctx, dst, request)
	}
	c.took = time.Since(start)
	return c
}
