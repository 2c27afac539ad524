// Command bench measures what this project's guarantees cost, against the engines alone, native code and other plugin
// hosts, in one process tree and in turns. It writes tables, samples, plots and the page that is cited; README.md says how
// to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"time"

	"bulkhead/host/measure"
	"bulkhead/runtimes/worker"
)

type options struct {
	root, host, hostWasmtime, onnx, out, name, only, profile string
	page                                                     bool
	config                                                   measure.Config
	patience                                                 time.Duration // how long a child may be silent; then it has frozen and is killed
	tries                                                    int           // of every deadline
}

func flags() (o options) {
	flag.StringVar(&o.root, "root", ".", "folder of the project, for the plugins that are measured")
	flag.StringVar(&o.host, "host", "bin/host", "the host: its start is measured, and it is the worker with wazero")
	flag.StringVar(&o.hostWasmtime, "host-wasmtime", "bin/host-wasmtime", "the worker with wasmtime")
	flag.StringVar(&o.onnx, "onnxruntime", ".tools/npm/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1", "the library")
	flag.StringVar(&o.out, "out", "bench/results", "folder of the results")
	flag.StringVar(&o.name, "name", "", "what the machine is called, behind the date; default: its processor")
	flag.StringVar(&o.only, "only", "", "regular expression of the sections to run")
	flag.StringVar(&o.profile, "profile", "", "file for a profile of this process's processors, for go tool pprof")
	flag.BoolVar(&o.page, "page", false, "measure nothing: write bench/README.md anew from the latest results")
	flag.IntVar(&o.config.Rounds, "rounds", defaultRounds, "rounds of every comparison")
	flag.Parse()
	o.patience, o.tries = 3*time.Second, 5
	return o
}

// How many rounds there are, and how many make a run that may become the page.
const (
	defaultRounds = 200
	wholeRounds   = 100
)

func main() {
	worker.Main(nil) // no worker runs in this program, which has cgo and more
	o := flags()
	if task := os.Getenv(childVariable); task != "" {
		exitOn(child(task, o))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if o.page {
		exitOn(writePage(o))
		return
	}
	exitOn(profiled(o.profile, func() error { return run(ctx, o) }))
}

// profiled does something and writes where the processors' time went, if there is a file for it.
func profiled(path string, do func() error) error {
	if path == "" {
		return do()
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = do()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs the sections in order and writes what they found, also after an error in one. Only a whole run becomes the page.
func run(ctx context.Context, o options) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	b := newBench(o)
	var errs []error
	for _, s := range sections() {
		if !only.MatchString(s.name) || ctx.Err() != nil {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", s.name)
		if err := s.run(b, ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
		b.close()
	}
	b.run.Complete = o.only == "" && o.config.Rounds >= wholeRounds && len(errs) == 0
	if err := b.write(); err != nil {
		return errors.Join(append(errs, err)...)
	}
	if b.run.Complete {
		errs = append(errs, writePage(o))
	}
	return errors.Join(errs...)
}

type section struct {
	name string
	run  func(*bench, context.Context) error
}

// sections are all there is to measure.
func sections() []section {
	return []section{
		{"calls", (*bench).calls},
		{"hostcalls", (*bench).hostCalls},
		{"instances", (*bench).instances},
		{"tails", (*bench).tails},
		{"metering", (*bench).metering},
		{"digits", (*bench).digits},
		{"vad", (*bench).vad},
		{"kernels", (*bench).kernels},
		{"parallel", (*bench).parallel},
		{"loads", (*bench).loads},
		{"guarantees", (*bench).guarantees},
		{"http", (*bench).http},
		{"deadlines", (*bench).deadlines},
		{"collector", (*bench).collector},
		{"memory", (*bench).memory},
		{"arrivals", (*bench).arrivals},
		{"log", (*bench).log},
		{"verifying", (*bench).verifying},
		{"receipts", (*bench).receipts},
		{"start", (*bench).start},
	}
}
