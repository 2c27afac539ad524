package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/control"
	"bulkhead/host/gate"
	"bulkhead/host/manifest"
	"bulkhead/host/state"
	"bulkhead/host/strictjson"
)

// pruneOptions are the flags of audit prune.
type pruneOptions struct {
	manifest, olderThan string
	exported            []string
	dry                 bool
}

func auditPruneCommand(s *streams) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete the oldest part of the log",
		Long: `Delete whole segments of the log whose entries are all older than the manifest's retention, or than --older-than, which
cannot be less. A signed entry says first what goes, and the rest verifies as before: the hashes stay, so whoever has kept
an entry can prove it for ever. A running host is asked to do it, through its control socket; where none runs, this
command does it with the host's own key.

Nothing goes that has not been exported: that one of the cursors of "audit export" has not passed which the manifest's
[audit] exported names, or --exported.`,
		Example: "  bin/host audit prune -m host.toml --older-than 120d --exported siem.cursor",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	cmd.Flags().StringVarP(&o.manifest, "manifest", "m", defaultManifest, "the operator's manifest")
	cmd.Flags().StringVar(&o.olderThan, "older-than", "", `such as "90d"; the manifest's retention if not given`)
	cmd.Flags().StringArrayVar(&o.exported, "exported", nil, "a cursor behind which everything stays; may be given again")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "only say what would go")
	return cmd
}

func (o *pruneOptions) run(ctx context.Context, s *streams) error {
	m, err := manifest.Load(o.manifest)
	if err != nil {
		return err
	}
	sys := &system{Manifest: m}
	order, err := o.order(ctx, sys)
	if err != nil {
		return err
	}
	r, err := o.ask(ctx, sys, order)
	if errors.Is(err, control.ErrNoHost) {
		r, err = o.alone(ctx, sys, order)
	}
	switch {
	case errors.Is(err, control.ErrForbidden):
		return hinted(err, "run this as that user, or as root")
	case err != nil:
		return err
	}
	if err := s.say(r, r.text()); err != nil {
		return err
	}
	if r.Kept > 0 {
		return hinted(fmt.Errorf("not pruned: %d entries are old enough, but not exported yet", r.Kept), "export them first: bin/host audit export")
	}
	return nil
}

// order says what may go.
func (o *pruneOptions) order(ctx context.Context, sys *system) (pruneOrder, error) {
	age := sys.Audit.Retention
	if o.olderThan != "" {
		var err error
		if age, err = manifest.ParseRetention(o.olderThan); err != nil {
			return pruneOrder{}, usage(fmt.Errorf("--older-than: %w", err))
		}
	}
	if age == 0 {
		return pruneOrder{}, usage(errors.New("the log is kept for ever: nothing is ever old enough"))
	}
	order := pruneOrder{before: time.Now().Add(-age).Truncate(time.Second)}
	var err error
	order.keep, err = sys.exported(ctx, o.exported)
	return order, err
}

// prunePatience is how long an administrator waits: deleting takes a moment for each segment.
const prunePatience = 2 * time.Minute

// ask asks the running host.
func (o *pruneOptions) ask(ctx context.Context, sys *system, order pruneOrder) (pruneResult, error) {
	ctx, cancel := context.WithTimeout(ctx, prunePatience)
	defer cancel()
	action := actionPrune
	if o.dry {
		action = actionPrunable
	}
	answer, err := control.Ask(ctx, sys.Join(sys.State), control.Request{Action: action, Resource: order.String()})
	if err != nil {
		return pruneResult{}, err
	}
	var r pruneResult
	if err := strictjson.Decode(answer, &r); err != nil {
		return r, hinted(fmt.Errorf("decoding the host's answer: %w", err), "the running host is of another version than this command")
	}
	return r, nil
}

// alone opens the log as a host does.
func (o *pruneOptions) alone(ctx context.Context, sys *system, order pruneOrder) (r pruneResult, err error) {
	if err := audit.Exists(sys.logFolder()); err != nil {
		return r, usage(err)
	}
	if sys, _, err = readTrust(o.manifest); err != nil {
		return r, err
	}
	if sys.audit == nil {
		return r, usage(fmt.Errorf("the key that signs the log is gone: %s: %w", sys.auditKeyPath(), fs.ErrNotExist))
	}
	dir, err := openState(ctx, sys.Join(sys.State))
	if errors.Is(err, state.ErrLocked) {
		return r, hinted(err, "a host is starting or stopping there; try again")
	}
	if err != nil {
		return r, usage(err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	log, err := sys.openLog(dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return sys.prune(ctx, log, order, time.Now(), o.dry)
}

// text escapes what came over the socket.
func (r pruneResult) text() string {
	if r.Segments == 0 {
		return "nothing went\n"
	}
	return fmt.Sprintf("entries %d to %d %s: %d segments, %d bytes\nroot of the first %d entries %s, hash of the last one that %s %s\n",
		r.First, r.Size-1, either(r.Dry, "would go", "are gone"), r.Segments, r.Bytes, r.Size, gate.Escape(r.Root), either(r.Dry, "would go", "went"), gate.Escape(r.Hash))
}
