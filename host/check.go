package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/floor"
	"bulkhead/host/gate"
	"bulkhead/host/safefile"
	"bulkhead/host/state"
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
version. The acceptance is recorded in the log, so no other host may use the state directory at the same time.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd.Context(), s, path, accept) },
	}
	cmd.Flags().StringVarP(&path, "manifest", "m", defaultManifest, "the operator's manifest")
	cmd.Flags().BoolVar(&accept, "accept", false, "accept changed tool definitions, wider requests and changed digests")
	return cmd
}

func check(ctx context.Context, s *streams, path string, accept bool) error {
	sys, err := readSystem(path)
	if err != nil {
		return err
	}
	if err := checkFloor(ctx, sys, accept); err != nil {
		return err
	}
	attester, err := newAttester(sys, func() audit.Head { return audit.Head{} })
	if err != nil {
		return err
	}
	l := newLoader(sys, noLog{}, slog.New(slog.DiscardHandler), attester)
	err = l.load(ctx)
	if err := errors.Join(err, l.close(ctx)); err != nil {
		return err
	}
	return s.say(planOf(sys), planText(planOf(sys)))
}

// noLog is the log of a host that only looks: nothing can be recorded, so nothing that must be recorded can happen.
type noLog struct{}

// Append refuses.
func (noLog) Append(context.Context, gate.Entry) (gate.Receipt, error) {
	return gate.Receipt{}, errors.New("host check keeps no log")
}

// checkFloor compares with what ran before. Only with accept it writes.
func checkFloor(ctx context.Context, sys *system, accept bool) error {
	want, err := sys.floorSet()
	if err != nil {
		return err
	}
	if !accept {
		f, err := floor.Open(floor.Config{Store: reader(sys.Join(sys.State))})
		if err != nil {
			return refused(err, "")
		}
		if info, err := os.Stat(filepath.Join(sys.Join(sys.State), audit.FileName)); f.Fresh() && err == nil && info.Size() > 0 {
			return lostFloor()
		}
		_, err = f.Check(want, false)
		return refusedByFloor(err)
	}
	dir, err := state.Open(sys.Join(sys.State))
	if err != nil {
		return usage(err)
	}
	log, err := audit.Open(audit.Config{Dir: dir.Path(), Development: sys.development})
	if err != nil {
		return errors.Join(refused(err, ""), dir.Close())
	}
	return errors.Join(raiseFloor(ctx, dir, log, want, true, sys.development), log.Close(), dir.Close())
}

// raiseFloor makes want the floor, after it has recorded what an operator accepted.
func raiseFloor(ctx context.Context, dir *state.Dir, log *audit.Log, want floor.Set, accept, development bool) error {
	f, err := floor.Open(floor.Config{Store: dir})
	if err != nil {
		return refused(err, "")
	}
	lost := f.Fresh() && log.Head().Size > 0 // the first entry ever is written after the floor was raised
	if lost && !accept {
		return lostFloor()
	}
	changes, err := f.Check(want, accept)
	if err != nil {
		return refusedByFloor(err)
	}
	if lost {
		changes = append(changes, floor.Change{What: "the floor was lost"})
	}
	for _, c := range changes {
		e := gate.Entry{Actor: "system/host", Action: "host/accept", Resource: c.Plugin, Outcome: gate.Success, Kind: gate.KindHost, Reason: c.What, Development: development}
		if _, err := log.Append(ctx, e); err != nil {
			return err
		}
	}
	_, err = f.Raise(want, accept)
	return refusedByFloor(err)
}

// lostFloor says that there is a log but no floor: the first entry ever is written after the floor was raised.
func lostFloor() error {
	return refused(errors.New("the floor is lost: this host has a log, but what it ran before is forgotten, so that something older could run"), "if you know why, accept what is to run now: bin/host check --accept")
}

func refusedByFloor(err error) error {
	var no *floor.Refusal
	if errors.As(err, &no) {
		return refused(err, "")
	}
	return err
}

// reader is a state directory that is only read, as by a host that does not own it.
type reader string

// Read returns a file of the directory.
func (r reader) Read(name string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(string(r))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, _, err := safefile.Read(root, name, limit)
	return data, err
}

// Write refuses.
func (reader) Write(string, []byte) error { return errors.New("the state directory is only read") }
