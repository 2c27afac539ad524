package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/witness"
)

// anchorOptions are the flags of audit anchor.
type anchorOptions struct {
	key                          logKey
	out, checkpoint              string
	witnessKey, state, tokenFile string
	witnesses                    []string
	verify                       bool
	now                          func() time.Time
}

func auditAnchorCommand(s *streams) *cobra.Command {
	o := anchorOptions{now: time.Now}
	cmd := &cobra.Command{
		Use:   "anchor [LOG]",
		Short: "Keep a log's checkpoint elsewhere, cosign one as a witness, or check cosignatures",
		Long: `Whoever can write the log's files and has its key can rewrite all of it. What shows that is a checkpoint kept where they
cannot write, and a witness who has seen that the log only ever grew. LOG is a state directory, a folder of "audit export
--format tiles", or the URL of either: http://127.0.0.1:8080/audit is that of a running host.

--out FILE keeps the latest checkpoint in FILE, in place of an older one that it contains. A newer one, or one of another
history, is never replaced.

--witness-key W.key --checkpoint FILE is the witness's part, on another machine: if the tree of the checkpoint in FILE
contains the last one that this witness cosigned, its cosignatures (c2sp.org/tlog-cosignature) are added to FILE. What it
has seen is in its state file. Two checkpoints of which neither contains the other are both kept, for evidence.

--verify --checkpoint FILE --witness W.pub checks that the witness has cosigned FILE.`,
		Example: `  bin/host audit anchor state --key audit.pub --out /mnt/usb/press-7.checkpoint
  bin/host audit anchor http://127.0.0.1:8080/audit --token-file t --key audit.pub --witness-key w.key --checkpoint press-7.checkpoint
  bin/host audit anchor --verify --checkpoint press-7.checkpoint --key audit.pub --witness w.pub`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args); err != nil {
				return usage(err)
			}
			return o.run(cmd.Context(), s, args)
		},
	}
	o.key.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "keep the latest checkpoint in this file")
	f.StringVar(&o.checkpoint, "checkpoint", "", "the checkpoint to cosign or to verify")
	f.StringVar(&o.witnessKey, "witness-key", "", "cosign with this key, made by 'host key new --purpose witness'")
	f.StringVar(&o.state, "state", "", "what the witness has seen; the key's name with .state if not given")
	f.StringVar(&o.tokenFile, "token-file", "", "file with the bearer token for a running host")
	f.BoolVar(&o.verify, "verify", false, "check the cosignatures of --witness")
	f.StringArrayVar(&o.witnesses, "witness", nil, "public key of a witness who must have cosigned; may be given again")
	return cmd
}

// check finds what does not go together.
func (o *anchorOptions) check(args []string) error {
	roles := 0
	for _, on := range []bool{o.out != "", o.witnessKey != "", o.verify} {
		if on {
			roles++
		}
	}
	switch {
	case roles != 1:
		return errors.New("want one of --out, --witness-key and --verify")
	case (o.checkpoint != "") == (o.out != ""):
		return errors.New("--checkpoint names what is cosigned or verified, and --out what is written")
	case o.verify != (len(o.witnesses) > 0):
		return errors.New("--verify checks the cosignatures of --witness")
	case o.verify && len(args) > 0:
		return errors.New("--verify needs no LOG")
	case o.state != "" && o.witnessKey == "":
		return errors.New("--state is the memory of --witness-key")
	case o.key.own() && o.out == "":
		return errors.New("say with --key whose checkpoint it must be; a witness has the key from elsewhere than the log")
	}
	return nil
}

func (o *anchorOptions) run(ctx context.Context, s *streams, args []string) error {
	if o.verify {
		return o.verifyCosigned(s)
	}
	log, err := openLogSource(ctx, args, o)
	if err != nil {
		return err
	}
	defer log.close()
	if o.out != "" {
		return o.keep(s, log)
	}
	return o.cosign(s, log)
}

// verifierOf returns what checks a checkpoint that came from anywhere.
func (k *logKey) verifierOf(note []byte) (*checkpoint.Verifier, error) {
	key, err := keys.ReadAuditPublic(k.file)
	if err != nil {
		return nil, err
	}
	origin := k.origin
	if origin == "" {
		origin, _, _ = strings.Cut(string(note), "\n")
	}
	v, err := checkpoint.NewVerifier(origin, key)
	if err != nil {
		return nil, refused(err, "say with --origin which log this is")
	}
	return v, nil
}

const notThisKey = "this is no checkpoint of the log whose key was given"

// keep writes the latest checkpoint into the anchor's file.
func (o *anchorOptions) keep(s *streams, log *logSource) error {
	note, err := log.checkpoint()
	var foreign *audit.Problem
	if errors.As(err, &foreign) {
		return refused(err, notThisKey)
	}
	if err != nil {
		return err
	}
	v, err := log.verifier(note)
	if err != nil {
		return err
	}
	h, err := v.Open(note)
	if err != nil {
		return refused(err, notThisKey)
	}
	tiles, err := log.tiles(h.Size)
	if err != nil {
		return err
	}
	written, err := witness.Anchor(o.out, v, note, tiles)
	if err != nil {
		return disbelieved(err, o.out)
	}
	text := fmt.Sprintf("%s %s: %d entries, root %s\n", o.out, either(written, "has the latest checkpoint", "had the latest checkpoint already"), h.Size, rootText(h))
	return s.say(map[string]any{"file": o.out, "written": written, "origin": h.Origin, "size": h.Size, "root": rootText(h)}, text)
}

// given reads --checkpoint, and returns what checks it.
func (o *anchorOptions) given() (*checkpoint.Verifier, []byte, error) {
	note, err := witness.ReadNote(o.checkpoint)
	if err != nil {
		return nil, nil, usage(err)
	}
	v, err := o.key.verifierOf(note)
	return v, note, err
}

// cosign is the witness's part.
func (o *anchorOptions) cosign(s *streams, log *logSource) (err error) {
	key, err := keys.ReadWitness(o.witnessKey)
	if err != nil {
		return err
	}
	v, note, err := o.given()
	if err != nil {
		return err
	}
	h, err := v.Open(note)
	if err != nil {
		return refused(err, "a witness cosigns what the log's own key has signed")
	}
	tiles, err := log.tiles(h.Size)
	if err != nil {
		return err
	}
	path := o.state
	if path == "" {
		path = strings.TrimSuffix(o.witnessKey, keys.PrivateSuffix) + ".state"
	}
	state, err := witness.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	c, now := checkpoint.NewCosigner(key), o.now()
	cosigned, err := state.Cosign(c, v, note, tiles, now)
	if err != nil {
		return disbelieved(err, path)
	}
	if err := witness.WriteNote(o.checkpoint, cosigned); err != nil {
		return err
	}
	result := map[string]any{"witness": c.Witness().Name(), "origin": h.Origin, "size": h.Size, "root": rootText(h), "time": now.UTC().Format(time.RFC3339)}
	return s.say(result, fmt.Sprintf("cosigned as %s: %s, %d entries, root %s\n", c.Witness().Name(), gate.Escape(h.Origin), h.Size, rootText(h)))
}

// disbelieved keeps evidence beside a file, and says what to do.
func disbelieved(err error, path string) error {
	var e *witness.Evidence
	switch {
	case errors.As(err, &e):
		saved, failed := e.Save(path)
		if failed != nil {
			return refused(errors.Join(err, failed), "keep both checkpoints: together they prove that the log's key signed two histories")
		}
		return refused(err, "both checkpoints are in "+saved+": together they prove that the log's key signed two histories")
	case errors.Is(err, witness.ErrRollback), errors.Is(err, witness.ErrOlder):
		return refused(err, "find out whether this is an old copy, or the log lost what it had; nothing was replaced or signed")
	case errors.Is(err, witness.ErrOrigin), errors.Is(err, witness.ErrTiles):
		return refused(err, "nothing was replaced or signed")
	}
	return err
}

// verifyCosigned checks cosignatures.
func (o *anchorOptions) verifyCosigned(s *streams) error {
	v, note, err := o.given()
	if err != nil {
		return err
	}
	h, seen, err := cosignedBy(v, note, o.witnesses)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("checkpoint ok: %s, %d entries, root %s\n", gate.Escape(h.Origin), h.Size, rootText(h))
	for _, w := range seen {
		text += fmt.Sprintf("cosigned by %s at %s\n", w.Name, w.Time)
	}
	return s.say(map[string]any{"origin": h.Origin, "size": h.Size, "root": rootText(h), "witnesses": seen}, text)
}

// A cosigning is who cosigned, and when.
type cosigning struct {
	Name string `json:"name"`
	Time string `json:"time"`
}

// cosignedBy checks that every one of some witnesses, by the files of their public keys, has cosigned a checkpoint.
func cosignedBy(v *checkpoint.Verifier, note []byte, files []string) (checkpoint.Head, []cosigning, error) {
	var witnesses []*checkpoint.Witness
	for _, f := range files {
		key, err := keys.ReadWitnessPublic(f)
		if err != nil {
			return checkpoint.Head{}, nil, err
		}
		witnesses = append(witnesses, checkpoint.NewWitness(key))
	}
	h, times, err := v.Cosigned(note, witnesses...)
	if err != nil {
		return h, nil, refused(err, "only what a witness has cosigned is known to be the one history that everybody sees")
	}
	var seen []cosigning
	for i, w := range witnesses {
		seen = append(seen, cosigning{w.Name(), times[i].Format(time.RFC3339)})
	}
	return h, seen, nil
}

// isSite reports whether a folder is one of "audit export --format tiles".
func isSite(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, "tile", "entries"))
	return err == nil
}
