package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"bulkhead/host/gate"
	"bulkhead/runtimes"
)

// A benchRun is one plugin with all who take part in its bench.
type benchRun struct {
	s          *streams
	sp         *specimen
	questions  []question
	contenders []*benchContender
}

// A benchContender is the plugin in one place.
type benchContender struct {
	name       string
	at         placement
	module     string // the file that runs
	again      bool   // it is the first once more
	cold, warm time.Duration
	bench      *workbench
	usage      runtimes.Usage // the most that any request used
}

// load loads the plugin in all places, and in the first once more, and hears their answers.
func (b *benchRun) load(ctx context.Context, places []placement, limits runtimes.Limits) error {
	for i, at := range append(places, places[0]) {
		c := &benchContender{name: at.engine + "/" + string(at.isolation), at: at, module: b.sp.moduleOn(at), again: i == len(places)}
		if c.again {
			c.name += " again"
		}
		b.sayf("loading %s", c.name)
		if err := c.load(ctx, b.sp, limits); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		b.contenders = append(b.contenders, c)
	}
	return b.agree(ctx)
}

// load loads twice: without code in the cache, and with it.
func (c *benchContender) load(ctx context.Context, sp *specimen, limits runtimes.Limits) error {
	own := *sp
	own.program.Cache = newKeepsake()
	start := time.Now()
	cold, err := newWorkbench(ctx, &own, c.at, limits)
	if err != nil {
		return err
	}
	c.cold = time.Since(start)
	if err := cold.close(ctx); err != nil {
		return err
	}
	start = time.Now()
	c.bench, err = newWorkbench(ctx, &own, c.at, limits)
	c.warm = time.Since(start)
	return err
}

// agree has everybody answer everything: as the self-tests say, and as the first.
func (b *benchRun) agree(ctx context.Context) error {
	for i, q := range b.questions {
		var first []byte
		for _, c := range b.contenders {
			m := c.bench.call(ctx, nil, q.request)
			if m.err != nil {
				return fmt.Errorf("%s: request %d: %w", c.name, i+1, m.err)
			}
			c.usage.Fuel, c.usage.Memory = max(c.usage.Fuel, m.usage.Fuel), max(c.usage.Memory, m.usage.Memory)
			c.usage.Reported = m.usage.Reported
			if err := q.check(m.answer); err != nil {
				return &exitError{exitPlugin, fmt.Errorf("%s: request %d: %w", c.name, i+1, err), ""}
			}
			if c == b.contenders[0] {
				first = m.answer
			}
			if q.exact && !bytes.Equal(m.answer, first) {
				return &exitError{exitPlugin, fmt.Errorf("%s: request %d: it answers otherwise than %s", c.name, i+1, b.contenders[0].name),
					"'bin/host plugin call --repeat' shows whether the answers of one engine are equal"}
			}
		}
	}
	return nil
}

// caller returns one who puts the questions in turn.
func (c *benchContender) caller(ctx context.Context, questions []question) func() error {
	ctx = gate.WithRunning(ctx, &gate.Running{Call: slotless, Principal: "system/workbench"})
	var room []byte
	var u runtimes.Usage
	next := 0
	return func() (err error) {
		q := &questions[next]
		next = (next + 1) % len(questions)
		room, err = runtimes.Measure(ctx, c.bench.module, room[:0], q.request, &u)
		return err
	}
}

// sayf tells a person how far it is.
func (b *benchRun) sayf(format string, a ...any) {
	if !b.s.json {
		fmt.Fprintf(b.s.err, format+"\n", a...)
	}
}

// close frees everything.
func (b *benchRun) close(ctx context.Context) error {
	var errs []error
	for _, c := range b.contenders {
		errs = append(errs, c.bench.close(ctx))
	}
	return errors.Join(errs...)
}
