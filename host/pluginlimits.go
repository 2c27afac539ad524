package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/runtimes"
)

type pluginLimitsOptions struct {
	benchFlags
	folder string
}

func pluginLimitsCommand(s *streams) *cobra.Command {
	var o pluginLimitsOptions
	cmd := &cobra.Command{
		Use:   "limits BUNDLE|FILE.wasm --input-dir FOLDER",
		Short: "Measure what a plugin uses, and print limits for its block in the manifest",
		Long: `Measure what a plugin uses, and print limits for its block in the manifest: four times what the hungriest call used,
rounded up, and enough for loading the plugin. It runs as with 'host plugin call', on stand-ins.

Every file of the folder is one request, as the plugin gets it, in the order of their names: at most 1,000 files of
16 MiB. With --tool, a file that is no whole tool request, an object with the member "tool", is taken as the arguments
of that tool. An error answer counts as a call; one that ends otherwise, or reaches a limit of the flags, stops the
measuring.

Fuel is the same on every machine. Time is not: it is measured here, and no less than 100ms is proposed, since calls wait
for their turn within it. Give the inputs that your callers will send, the largest too.`,
		Example: `  bin/host plugin limits bin/hello/out --tool greet --input-dir bin/hello/inputs`,
		Args:    exactly("BUNDLE or FILE.wasm"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd, s, args[0]) },
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.folder, "input-dir", "", "folder of requests")
	_ = cmd.MarkFlagRequired("input-dir") // fails only for an unknown flag
	return cmd
}

func (o *pluginLimitsOptions) run(cmd *cobra.Command, s *streams, path string) error {
	at, limits, err := o.limits.parse()
	if err != nil {
		return err
	}
	sp, err := o.specimen(cmd, path)
	if err != nil {
		return err
	}
	f, err := openRequests(o.folder, o.tool)
	if err != nil {
		return usage(err)
	}
	defer f.root.Close()
	sp.program.Cache = newKeepsake()
	m, err := measureAll(cmd.Context(), sp, at, limits, f)
	if err != nil {
		return err
	}
	p := m.propose()
	if err := p.suffice(cmd.Context(), sp, at, limits.Fuel); err != nil {
		return err
	}
	if !s.json {
		fmt.Fprintf(s.err, "%d requests, %d answered with an error; loading took %s\n", len(f.names), m.failed, aboutTime(m.load))
	}
	return s.say(p.result(m, len(f.names)), p.block(m))
}

// A measurement is what loading and all calls used.
type measurement struct {
	spent
	load   time.Duration
	failed int // calls that were answered with an error
}

func measureAll(ctx context.Context, sp *specimen, at placement, limits runtimes.Limits, f *requestFolder) (*measurement, error) {
	m := &measurement{}
	start := time.Now()
	w, err := newWorkbench(ctx, sp, at, limits)
	if err != nil {
		return nil, err
	}
	m.load = time.Since(start)
	for _, name := range f.names {
		if err := m.call(ctx, w, f, name); err != nil {
			return nil, errors.Join(err, w.close(ctx))
		}
	}
	return m, w.close(ctx)
}

func (m *measurement) call(ctx context.Context, w *workbench, f *requestFolder, name string) error {
	request, err := f.read(name)
	if err != nil {
		return err
	}
	c := w.call(ctx, nil, request)
	switch outcomeOf(c.err) {
	case outcomeOK:
	case outcomeError:
		m.failed++
	case outcomeLimit:
		return hinted(fmt.Errorf("%s: %w", name, c.err), "raise --timeout, --fuel or --memory: what a call needs that was ended, nobody knows")
	default:
		return fmt.Errorf("%s: %w", name, c.err)
	}
	m.add(c, len(c.answer))
	return nil
}
