package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"time"

	"bulkhead/bench/peers"
	"bulkhead/bench/report"
	"bulkhead/host/measure"
)

// An entry is one contender of a comparison.
type entry struct {
	name    string
	open    func(context.Context) (peers.Caller, error)
	request []byte        // instead of the comparison's
	of      int           // how many of what is measured are in one call
	callers int           // at the same time; 0 means 1
	own     bool          // each of them has one opened for it
	once    bool          // long: one call is a batch
	think   time.Duration // before each call; for timed ones
}

// A comparison is a table to be.
type comparison struct {
	name, title, notes, base string
	request                  []byte
	check                    func(answer []byte) error
	each                     bool // every call is timed alone
	receipts                 bool // answers have one
	rounds                   int  // 0: as for all
	entries                  []entry
}

// equals checks that answers are want.
func equals(want []byte) func([]byte) error {
	return func(answer []byte) error {
		if !bytes.Equal(answer, want) {
			return fmt.Errorf("answers % .40x (%d bytes), want % .40x", answer, len(answer), want)
		}
		return nil
	}
}

// compare opens everybody, and the base twice, sees to it that all answer what they must, has them take turns, and keeps
// the table.
func (b *bench) compare(ctx context.Context, c comparison) (*report.Table, error) {
	var all []measure.Contender
	if c.each {
		all = append(all, measure.Clock())
	}
	for _, e := range c.entries {
		names := []string{e.name}
		if e.name == c.base {
			names = append(names, report.Again(e.name))
		}
		for _, name := range names {
			x, err := c.contender(ctx, e)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", c.name, name, err)
			}
			x.Name = name
			all = append(all, x)
		}
	}
	config := b.config
	if c.rounds > 0 {
		config.Rounds = min(c.rounds, b.config.Rounds)
	}
	rows, err := measure.Run(config, all)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	t, err := report.NewTable(c.name, c.title, c.notes, c.base, rows)
	if err != nil {
		return nil, err
	}
	b.samples = append(b.samples, sample{c.name, rows})
	b.run.Tables = append(b.run.Tables, t)
	return &b.run.Tables[len(b.run.Tables)-1], nil
}

// contender opens e.
func (c *comparison) contender(ctx context.Context, e entry) (x measure.Contender, err error) {
	x = measure.Contender{Each: c.each, Think: e.think, Of: e.of, Once: e.once}
	var call peers.Caller
	for i := range cmp.Or(e.callers, 1) {
		if i == 0 || e.own {
			if call, err = e.open(ctx); err != nil {
				return x, err
			}
		}
		one, err := c.again(ctx, call, e)
		if err != nil {
			return x, err
		}
		if i == 0 {
			x.Call = one
		} else {
			x.Also = append(x.Also, one)
		}
	}
	return x, nil
}

// receiptLengths is by how many bytes two receipts can differ: by the hashes between an entry and the tree's root, a line of
// 45 bytes each, and by the digits of its place.
const receiptLengths = 40 * 45

// again calls and calls, and sees to it that the answer's length stays what it was at first.
func (c *comparison) again(ctx context.Context, call peers.Caller, e entry) (func() error, error) {
	request := c.request
	if e.request != nil {
		request = e.request
	}
	first, err := call(ctx, nil, request)
	if err != nil {
		return nil, err
	}
	if err := c.check(first); err != nil {
		return nil, err
	}
	length, dst := len(first), make([]byte, 0, len(first)+64)
	return func() error {
		answer, err := call(ctx, dst, request)
		if err == nil && len(answer) != length && !(c.receipts && max(len(answer)-length, length-len(answer)) < receiptLengths) {
			err = fmt.Errorf("an answer of %d bytes, want %d", len(answer), length)
		}
		return err
	}, nil
}

// opened makes an entry's open of what is open already.
func opened(c peers.Caller) func(context.Context) (peers.Caller, error) {
	return func(context.Context) (peers.Caller, error) { return c, nil }
}
