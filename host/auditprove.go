package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
	"bulkhead/host/gate"
)

func auditProveCommand(s *streams) *cobra.Command {
	var path string
	var key logKey
	cmd := &cobra.Command{
		Use:   "prove INDEX",
		Short: "Print a proof that an entry is in the log",
		Long: `Print a proof that an entry is in the log, under the published checkpoint: a c2sp.org/tlog-proof, or with --json a receipt
with the entry, as clients get them, which "verify-receipt" checks. It has no salt: who does not have the client's receipt
cannot tell which request an entry is about.

Of a pruned entry there is the proof alone, for whoever has kept the entry.`,
		Args: exactly("INDEX"),
		RunE: func(_ *cobra.Command, args []string) error { return prove(s, logFolder([]string{path}), args[0], key) },
	}
	key.flags(cmd)
	cmd.Flags().StringVar(&path, "log", "state", "the log's folder or its state directory")
	return cmd
}

func prove(s *streams, folder, arg string, key logKey) error {
	index, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return usage(fmt.Errorf("INDEX is the number of an entry, counted from 0, not %q", arg))
	}
	v, err := key.verifier(folder, nil)
	if err != nil {
		return err
	}
	if v == nil {
		return usage(errors.New("the log's folder has no public key\nhint: give it with --key"))
	}
	entry, proof, err := audit.Prove(folder, index, v)
	var problem *audit.Problem
	switch {
	case errors.As(err, &problem):
		return refused(err, "'host audit verify' says more")
	case errors.Is(err, audit.ErrNotPublished):
		return hinted(err, "a running host publishes within a second")
	case err != nil:
		return err
	}
	if !s.json {
		_, err := s.out.Write(proof.Marshal())
		return err
	}
	if entry == nil {
		return hinted(fmt.Errorf("entry %d was pruned", index), "without --json there is the proof alone, for whoever has kept the entry")
	}
	text, err := json.Marshal(gate.Proof{Entry: string(entry), Proof: string(proof.Marshal())})
	if err == nil {
		_, err = io.WriteString(s.out, gate.EscapeJSON(string(text))+"\n")
	}
	return err
}
