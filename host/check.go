package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulkhead/abi"
	"bulkhead/host/audit"
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

func check(ctx context.Context, s *streams, path string, accept bool) error {
	sys, err := readSystem(path)
	if err != nil {
		return err
	}
	if accept {
		err = sys.acceptFloor(ctx)
	} else {
		err = sys.checkFloor()
	}
	if err != nil {
		return err
	}
	attester, err := newAttester(sys, func() audit.Head { return audit.Head{} })
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
	return s.say(planOf(sys), planText(planOf(sys)))
}

// noLog is the log of a host that only looks: nothing can be recorded, so nothing that must be recorded can happen.
type noLog struct{}

// Append refuses.
func (noLog) Append(context.Context, gate.Entry) (gate.Receipt, error) {
	return gate.Receipt{}, errors.New("host check keeps no log")
}

// A plan is what `host check --json` prints: what would run.
type plan struct {
	Manifest    string       `json:"manifest"`
	Serial      int64        `json:"serial"`
	Development bool         `json:"development"`
	Deadline    string       `json:"deadline"`
	Isolation   string       `json:"isolation"`
	Plugins     []planPlugin `json:"plugins"`
	Notes       []string     `json:"notes"`
}

type planPlugin struct {
	Alias     string   `json:"alias"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Role      string   `json:"role"`
	Backend   string   `json:"backend"`
	Publisher string   `json:"publisher"`
	Signers   []string `json:"signers"`
	Digest    string   `json:"digest"`
	Asked     []string `json:"asked"`
	Granted   []string `json:"granted"`
	Memory    uint64   `json:"memory"`
	Tools     []string `json:"tools,omitempty"`
}

func planOf(sys *system) plan {
	p := plan{Manifest: sys.Path, Serial: sys.Serial, Development: sys.development, Deadline: "none", Isolation: "none"}
	for _, q := range sys.plugins {
		d := q.bundle.Descriptor
		pp := planPlugin{
			Alias: q.Alias, Name: d.Name, Version: d.Version, Role: string(d.Role), Backend: q.Backend, Publisher: q.bundle.Publisher,
			Signers: q.bundle.Signers, Digest: q.bundle.Digest, Asked: requests(&d), Granted: granted(q), Memory: q.Memory,
		}
		for _, t := range d.Tools {
			pp.Tools = append(pp.Tools, q.ToolName(t.Name))
		}
		p.Plugins = append(p.Plugins, pp)
	}
	p.Notes = notes(sys)
	return p
}

// granted names what the operator gives, with the target of each slot.
func granted(p *plugin) []string {
	out := []string{}
	for _, c := range p.Grants.List() {
		if c != abi.Sign && c != abi.Infer { // which stand below, slot by slot
			out = append(out, c.String())
		}
	}
	for _, slot := range slices.Sorted(maps.Keys(p.Sign)) {
		out = append(out, "sign:"+slot+"="+p.Sign[slot])
	}
	for _, slot := range slices.Sorted(maps.Keys(p.Infer)) {
		out = append(out, "infer:"+slot+"="+p.Infer[slot])
	}
	return out
}

// notes says what an operator should know and no table shows.
func notes(sys *system) []string {
	out := []string{"every plugin asks for exactly what it may: anything else is an error", "deadline: none, isolation: none (a plugin that hangs keeps its core; load only plugins that you trust not to)"}
	if sys.development {
		out = append(out, "development keys: log, evidence and receipts say so; loopback only")
	}
	if sys.root == nil {
		out = append(out, "no root key yet: the floor is not authenticated, and compiled code is not kept")
	}
	if anonymous(sys) {
		out = append(out, "callers without a credential have a principal: the auth plugin's config has anonymous")
	}
	return append(out, "without a TPM, whoever can restore the whole state directory can roll back")
}

// anonymous reports whether the auth plugin's config mentions it at its top; what it means is the plugin's affair.
func anonymous(sys *system) bool {
	p := sys.plugin(sys.Pipeline.Auth)
	return p != nil && strings.Contains(string(p.Config), `"anonymous":`)
}

func planText(p plan) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PLUGIN\tROLE\tSIGNER\tMAY\tWITHIN\tDIGEST")
	for _, q := range p.Plugins {
		may := strings.Join(q.Granted, " ")
		if may == "" {
			may = "nothing"
		}
		fmt.Fprintf(t, "%s = %s %s\t%s\t%s %.8s\t%s\t%d MiB, %s\t%.12s\n", q.Alias, q.Name, q.Version, q.Role, q.Publisher, strings.Join(q.Signers, " "), may, q.Memory>>20, q.Backend, q.Digest)
	}
	t.Flush()
	for _, n := range p.Notes {
		fmt.Fprintln(&b, n)
	}
	return b.String()
}
