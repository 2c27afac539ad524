// Command sandbox measures what the sandbox costs: a call, metering, a worker, against the engines alone and against other
// plugin hosts. It writes a table and the samples; bench/README.md says how to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"

	"bulkhead/bench/sandbox/measure"
	"bulkhead/runtimes/worker"
)

type options struct {
	root, host, out, name, worker, only string
	config                              measure.Config
}

func main() {
	worker.Main(sandboxed())
	var o options
	flag.StringVar(&o.root, "root", ".", "folder of the module, for the plugins that are built")
	flag.StringVar(&o.host, "host", "bin/host", "the host whose start is measured")
	flag.StringVar(&o.out, "out", "bench/results", "folder of the results")
	flag.StringVar(&o.name, "name", "sandbox", "what the results are called, behind the date")
	flag.StringVar(&o.worker, "worker", "", "another build of this program, for workers; default: the running one")
	flag.StringVar(&o.only, "only", "", "regular expression of the sections to run")
	flag.IntVar(&o.config.Rounds, "rounds", 0, "rounds; default 300")
	flag.Parse()
	if task := os.Getenv(childVariable); task != "" {
		exitOn(child(task, o))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exitOn(run(ctx, o))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs the sections in order and writes what they found, also after an error in one.
func run(ctx context.Context, o options) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, options: o, machine: measure.Here()}
	var errs []error
	for _, s := range sections() {
		if !only.MatchString(s.name) || ctx.Err() != nil {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", s.name)
		if err := s.run(b); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
		b.close()
	}
	return errors.Join(append(errs, b.write())...)
}

type section struct {
	name string
	run  func(*bench) error
}

func sections() []section {
	return []section{
		{"calls", (*bench).calls}, {"metering", (*bench).metering}, {"isolation", (*bench).isolation}, {"peers", (*bench).peers},
		{"deadlines", (*bench).deadlines}, {"collector", (*bench).collector}, {"start", (*bench).start},
	}
}
