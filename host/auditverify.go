package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
)

// verifyOptions are the flags of audit verify.
type verifyOptions struct {
	key         logKey
	saved, save string
	witnesses   []string
	from        bool
	workers     int
}

func auditVerifyCommand(s *streams) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [LOG]",
		Short: "Check every entry, seal and tile, and that nothing is missing since a saved checkpoint",
		Long: `Check every entry, the chain, the tree, every seal's signature, every tile and the published checkpoint. The log's folder
has a copy of its public key; a key that you got elsewhere, given with --key, is better: whoever replaces the log as a whole
replaces the copy too.

Alone, this cannot see an older copy of the whole folder, nor a second history that the key has signed. Save the checkpoint
elsewhere with --save-checkpoint, and give it back with --checkpoint. --from-checkpoint believes what that covers and checks
what came after.`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, logFolder(args)) },
	}
	o.key.flags(cmd)
	cmd.Flags().StringVar(&o.saved, "checkpoint", "", "a saved checkpoint that the log must still contain")
	cmd.Flags().StringArrayVar(&o.witnesses, "witness", nil, "public key of a witness who must have cosigned --checkpoint; may be given again")
	cmd.Flags().BoolVar(&o.from, "from-checkpoint", false, "check only what came after --checkpoint")
	cmd.Flags().StringVar(&o.save, "save-checkpoint", "", "write the published checkpoint to this file, if all is good")
	cmd.Flags().IntVar(&o.workers, "workers", 0, "segments at once; 0: one for each processor")
	return cmd
}

const keepIt = "keep the folder as it is for evidence; entries before the named one are good"

func (o *verifyOptions) run(ctx context.Context, s *streams, folder string) error {
	if o.from && o.saved == "" {
		return usage(errors.New("--from-checkpoint needs --checkpoint"))
	}
	if len(o.witnesses) > 0 && o.saved == "" {
		return usage(errors.New("--witness needs --checkpoint"))
	}
	p := &progress{s: s, begun: time.Now()}
	options := audit.Options{From: o.from, Workers: o.workers, Progress: p.show}
	var err error
	if o.saved != "" {
		if options.Saved, err = readSmall(o.saved, checkpoint.MaxNote); err != nil {
			return usage(err)
		}
	}
	if options.Verifier, err = o.key.verifier(folder, options.Saved); err != nil {
		return err
	}
	if len(o.witnesses) > 0 {
		if options.Verifier == nil {
			return usage(errors.New("--witness needs the log's key (--key)"))
		}
		if _, _, err := cosignedBy(options.Verifier, options.Saved, o.witnesses); err != nil {
			return err
		}
	}
	report, err := audit.Verify(ctx, folder, options)
	p.end()
	var problem *audit.Problem
	switch {
	case errors.As(err, &problem):
		if s.json {
			_ = s.say(verified{report, problem}, "") // the error comes too
		}
		return refused(err, hintOn(problem))
	case err != nil:
		return err
	}
	if o.save != "" {
		if err := saveCheckpoint(o.save, report); err != nil {
			return err
		}
	}
	return s.say(verified{Report: report}, o.text(report))
}

// verified is what `host audit verify --json` prints.
type verified struct {
	audit.Report
	Problem *audit.Problem `json:"problem"` // null: the log is good
}

// hintOn says what to do about a problem.
func hintOn(p *audit.Problem) string {
	switch p.Class {
	case audit.ClassTorn:
		return "if the host has crashed, start it: it keeps the torn batch aside and says so in the log; nobody was told that those entries were written"
	case audit.ClassMistiled:
		return "entries are not in doubt for this alone; keep the folder for evidence, then delete the tile: the host writes it again from the entries"
	}
	return keepIt
}

// saveCheckpoint writes the published checkpoint to a file of mode 0600, replacing an older one as a whole.
func saveCheckpoint(path string, r audit.Report) error {
	if r.Checkpoint == nil {
		return hinted(errors.New("the log has no checkpoint to save"), "a host publishes one within a second of its first entry; without a public key none is checked")
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("saving the checkpoint: %w", err)
	}
	defer root.Close()
	if err := safefile.Replace(root, filepath.Base(path), r.Checkpoint); err != nil {
		return fmt.Errorf("saving the checkpoint: %w", err)
	}
	return nil
}

// text is the report for people.
func (o *verifyOptions) text(r audit.Report) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintln(&b, terminal(fmt.Sprintf(format, a...))) }
	say("log ok: %d entries, root %s", r.Size, r.Root)
	say("checked: %d entries, %s to %s, %d seals, %d entry signatures", r.Checked, r.First, r.Last, r.Seals, r.Signatures)
	if r.Key != "" {
		say("signed: by key %s as %s; the published checkpoint has %d entries", r.Key, r.Origin, r.Published)
	}
	if r.Pruned > 0 {
		say("pruned: %d entries before the first one, by the host", r.Pruned)
	}
	if o.from {
		say("believed: the %d entries of the saved checkpoint", r.Saved)
	}
	if r.MissingTiles > 0 {
		say("note: %d tiles are missing; the host writes them again from the entries, as far as it has those", r.MissingTiles)
	}
	switch {
	case r.Key == "":
		say("note: there is no public key (--key): no signature was checked, only that everything fits together")
	case o.key.own():
		say("note: the key is the one in the log's folder; one that you got elsewhere is better (--key)")
	}
	if r.Development {
		say("note: a host with development keys wrote this: it proves nothing to others")
	}
	if o.saved == "" {
		say("note: without a saved checkpoint, an older copy of the whole folder would not show (--save-checkpoint, --checkpoint)")
	}
	return b.String()
}

// progress says on stderr how far a long check is.
type progress struct {
	s     *streams
	begun time.Time

	mu    sync.Mutex
	last  time.Time
	shown bool
}

// Pauses between two words on progress: on a terminal, which shows one at a time, and elsewhere.
const (
	progressOften  = 200 * time.Millisecond
	progressSeldom = 10 * time.Second
)

func (p *progress) show(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause, end := progressSeldom, "\n"
	if isTerminal(p.s.err) {
		pause, end = progressOften, "\r"
	}
	now := time.Now()
	if p.s.json || now.Sub(p.begun) < pause || now.Sub(p.last) < pause || total == 0 {
		return
	}
	p.last, p.shown = now, end == "\r"
	fmt.Fprintf(p.s.err, "checked %d %% of %d MiB%s", done*100/total, total>>20, end)
}

// end takes a terminal's line back.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.s.err, "\x1b[2K\r")
	}
}
