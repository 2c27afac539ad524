package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
)

const defaultManifest = "host.toml"

func checkCommand(s *streams) *cobra.Command {
	var path string
	var accept bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify and load everything that the manifest names, print what would run, and stop",
		Long: `Verify and load everything that the manifest names, in the order in which 'host run' does it, with self-tests; print what
would run, and stop. All problems of a stage come at once. A running host does not mind.

--accept takes what changed since this host last ran: tool definitions, wider requests, another digest under the same
version, a floor that was lost or is not authenticated. The acceptance is recorded in the log, so no other host may use
the state directory at the same time.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), s, path, accept) },
	}
	cmd.Flags().StringVarP(&path, "manifest", "m", defaultManifest, "the operator's manifest")
	cmd.Flags().BoolVar(&accept, "accept", false, "accept changed tool definitions, wider requests and changed digests")
	return cmd
}

func check(ctx context.Context, s *streams, path string, accept bool) (err error) {
	sys, err := readSystem(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if accept {
		err = sys.acceptFloor(ctx)
	} else {
		err = errors.Join(sys.checkLog(), sys.checkFloor())
	}
	if err != nil {
		return err
	}
	attester, err := newAttester(sys, func() checkpoint.Head { return checkpoint.Head{} })
	if err != nil {
		return err
	}
	l := newLoader(sys, noLog{}, slog.New(slog.DiscardHandler), attester)
	if err = l.openCache(filepath.Join(sys.Join(sys.State), cacheFolder), true); err == nil {
		err = l.load(ctx)
	}
	if err := errors.Join(err, l.close(ctx)); err != nil {
		return err
	}
	p := planOf(sys)
	if err := p.askEngines(ctx, sys); err != nil {
		return err
	}
	return s.say(p, planText(p))
}

// noLog is the log of a host that only looks: nothing can be recorded, so nothing that must be recorded can happen.
type noLog struct{}

// Append refuses.
func (noLog) Append(context.Context, gate.Entry) (gate.Receipt, error) {
	return gate.Receipt{}, errors.New("host check keeps no log")
}
