package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/capability"
	"bulkhead/host/manifest"
	"bulkhead/host/measure"
	"bulkhead/runtimes"
)

type pluginBenchOptions struct {
	benchFlags
	input, csv string
	duration   time.Duration
	parallel   []int
}

func pluginBenchCommand(s *streams) *cobra.Command {
	o := pluginBenchOptions{}
	cmd := &cobra.Command{
		Use:   "bench BUNDLE|FILE.wasm",
		Short: "Measure how fast a plugin answers, on every engine and isolation, side by side",
		Long: `Measure how fast a plugin answers, on every engine and isolation, side by side: what is compared takes turns, a short batch
each, in one run, so that a busy machine is busy for all of them. It runs as with 'host plugin call', on stand-ins,
here without quotas.

The requests are the self-tests of a bundle, in turn, or the one of --input. Before anything is measured all contenders
answer all of them: a wrong answer, or another than the first contender's, ends the bench. For a plugin whose answers
depend on clock or randomness there is nothing to compare.

The ratio is how many times longer a call takes than in the first row, the median over all rounds. The row "again" is
the first contender once more: what it differs by is noise, and so is any other difference that small. Cold is a load
that compiles, warm one that finds the code in the cache. Allocations are the host's, per call; fuel and memory are
of one call, as the worker reports them where there is one.

--json prints {name, digest, requests, rounds, rows: [{contender, backend, isolation, module, callers, again, median, p20,
p99, calls_per_second, ratio, allocations, fuel, memory in bytes, reported, cold, warm}]}; times are in seconds. --csv
writes the median of every round, in nanoseconds.`,
		Example: `  bin/host plugin bench bin/hello/out
  bin/host plugin bench any.wasm --input request.bin --isolation inline --parallel 1,2,4 --duration 30s --csv rounds.csv`,
		Args: exactly("BUNDLE or FILE.wasm"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, s, args[0]) },
	}
	o.add(cmd)
	for _, name := range []string{"backend", "isolation"} {
		f := cmd.Flags().Lookup(name)
		f.DefValue, f.Usage = "", f.Usage+"; several with commas; default: all there are"
	}
	cmd.Flags().StringVar(&o.input, "input", "", "file with the request, - for standard input; default: the bundle's self-tests, or an empty request")
	cmd.Flags().DurationVar(&o.duration, "duration", 10*time.Second, "how long to measure, beside loading")
	cmd.Flags().IntSliceVar(&o.parallel, "parallel", []int{1, 2}, "how many callers at once; several with commas")
	cmd.Flags().StringVar(&o.csv, "csv", "", "file to write every round to")
	return cmd
}

func (o *pluginBenchOptions) run(cmd *cobra.Command, s *streams, path string) error {
	ctx := cmd.Context()
	if err := o.check(); err != nil {
		return usage(err)
	}
	places, limits, missing, err := o.places(cmd)
	if err != nil {
		return err
	}
	sp, err := o.specimen(cmd, path)
	if err != nil {
		return err
	}
	endless := capability.Quota{PerSecond: 1e12, Burst: 1 << 40}
	sp.quotas = capability.Quotas{Log: endless, Audit: endless, Sign: endless, Attest: endless, Infer: endless}
	limits.Instances = slices.Max(o.parallel)
	questions, err := o.questions(s, sp)
	if err != nil {
		return err
	}
	rounds, err := o.create()
	if err != nil {
		return err
	}
	defer rounds.Close()
	b := &benchRun{s: s, sp: sp, questions: questions}
	defer b.close(ctx)
	for _, why := range missing {
		b.sayf("left out: %v", why)
	}
	if err := b.load(ctx, places, limits); err != nil {
		return err
	}
	rows, err := b.measure(ctx, o.parallel, o.duration)
	if err != nil {
		return err
	}
	if err := writeRounds(rounds, rows); err != nil {
		return err
	}
	return s.say(b.result(rows), benchText(rows))
}

// maxCallers is how many callers a bench may have at once.
const maxCallers = runtimes.MaxInstances

func (o *pluginBenchOptions) check() error {
	if len(o.parallel) == 0 || slices.Min(o.parallel) < 1 || slices.Max(o.parallel) > maxCallers {
		return fmt.Errorf("--parallel wants numbers from 1 to %d", maxCallers)
	}
	if o.duration <= 0 || o.duration > time.Hour {
		return errors.New("--duration wants a time up to 1h")
	}
	return nil
}

// places are where to run the plugin: where the flags say, or wherever this program can. missing says why not elsewhere.
func (o *pluginBenchOptions) places(cmd *cobra.Command) (out []placement, limits runtimes.Limits, missing []error, err error) {
	engines, isolations := []string{"wazero", "wasmtime"}, []string{string(manifest.Inline), string(manifest.Process)}
	named := cmd.Flags().Changed("backend")
	if named {
		engines = strings.Split(o.limits.engine, ",")
	}
	if cmd.Flags().Changed("isolation") {
		isolations = strings.Split(o.limits.isolation, ",")
	}
	for _, engine := range engines {
		for _, isolation := range isolations {
			f := o.limits
			f.engine, f.isolation = engine, isolation
			if isolation == string(manifest.Inline) || sandboxed()[engine] != nil { // --worker is for the others
				f.worker = ""
			}
			at, l, err := f.parse()
			if err != nil {
				missing = append(missing, fmt.Errorf("%s/%s: %w", engine, isolation, err))
				continue
			}
			out, limits = append(out, at), l
		}
	}
	if named && missing != nil || out == nil {
		return nil, limits, nil, missing[0]
	}
	return out, limits, missing, nil
}

// A question is a request and what is known of its answer.
type question struct {
	request []byte
	check   func(answer []byte) error
	exact   bool // nothing is known but that all must answer alike
}

// questions are the self-tests, or one request.
func (o *pluginBenchOptions) questions(s *streams, sp *specimen) (out []question, err error) {
	if o.input != "" || len(sp.selfTests) == 0 {
		request, err := readRequest(s, o.input)
		if err == nil && o.tool != "" {
			request, err = asToolRequest(o.tool, request)
		}
		return []question{{request: request, check: func([]byte) error { return nil }, exact: true}}, err
	}
	for _, t := range sp.selfTests {
		request, err := requestOf(t)
		if err != nil {
			return nil, err
		}
		out = append(out, question{request: request, check: t.Check, exact: t.Expect == nil})
	}
	return out, nil
}

// measure has all contenders take turns, with each number of callers.
func (b *benchRun) measure(ctx context.Context, parallel []int, duration time.Duration) ([]benchRow, error) {
	var all []measure.Contender
	var rows []benchRow
	for _, callers := range parallel {
		for _, c := range b.contenders {
			x := measure.Contender{Name: fmt.Sprintf("%s with %d callers", c.name, callers), Each: true, Call: c.caller(ctx, b.questions)}
			for range callers - 1 {
				x.Also = append(x.Also, c.caller(ctx, b.questions))
			}
			all = append(all, x)
			rows = append(rows, benchRow{Contender: c.name, Callers: callers, of: c})
		}
	}
	measured, err := measure.Run(measure.Config{For: duration, Progress: b.progress(duration)}, all)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].fill(measured[i], measured[0])
	}
	return rows, nil
}

// progress tells a person how far a long bench is.
func (b *benchRun) progress(all time.Duration) func(time.Duration) {
	const often = 5 * time.Second
	next := often
	return func(gone time.Duration) {
		if gone >= next && gone < all {
			next = gone + often
			b.sayf("measured %s of %s", gone.Round(time.Second), all)
		}
	}
}
