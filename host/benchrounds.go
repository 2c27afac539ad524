package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// create opens the file for rounds before anything is measured, which may take long.
func (o *pluginBenchOptions) create() (io.WriteCloser, error) {
	if o.csv == "" {
		return nowhere{io.Discard}, nil
	}
	f, err := os.Create(o.csv)
	if err != nil {
		return nil, usage(err)
	}
	return f, nil
}

type nowhere struct{ io.Writer }

// Close implements io.Closer.
func (nowhere) Close() error { return nil }

// writeRounds writes a line for every round of every contender: its name, its callers, the round, and the median.
func writeRounds(to io.WriteCloser, rows []benchRow) error {
	var b strings.Builder
	b.WriteString("contender,callers,round,ns\n")
	for _, r := range rows {
		for i, ns := range r.measured.Rounds {
			fmt.Fprintf(&b, "%s,%d,%d,%.1f\n", r.Contender, r.Callers, i+1, ns)
		}
	}
	_, err := io.WriteString(to, b.String())
	return errors.Join(err, to.Close())
}
