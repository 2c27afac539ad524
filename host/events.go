package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bulkhead/host/gate"
)

func auditEventsCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "events",
		Short: "Print the catalogue of events: what the log records, from which level, with which members",
		Long: `Print the catalogue of events: what the log records, from which level of [audit] on, and with which members beside those
that every entry has. What is mandatory no except leaves out. There is no reload in this version: config.load and
config.change are written at start.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			events := catalogue()
			return s.say(events, catalogueText(events))
		},
	}
}

// A catalogued is one event as `host audit events --json` prints it.
type catalogued struct {
	Event     gate.Event `json:"event"`
	Level     string     `json:"level"` // the lowest that records it
	Mandatory bool       `json:"mandatory"`
	Kinds     []string   `json:"kinds"`
	Meaning   string     `json:"meaning"`
	Minimal   []string   `json:"minimal"` // members beside those that every entry has, at this level
	Standard  []string   `json:"standard"`
	Detailed  []string   `json:"detailed"`
}

func catalogue() (out []catalogued) {
	for _, r := range gate.Catalogue() {
		c := catalogued{Event: r.Event, Level: r.From.String(), Mandatory: r.Mandatory, Meaning: r.Text}
		for _, k := range r.Kinds {
			c.Kinds = append(c.Kinds, string(k))
		}
		c.Minimal, c.Standard, c.Detailed = r.At(gate.Minimal), r.At(gate.Standard), r.At(gate.Detailed)
		out = append(out, c)
	}
	return out
}

func catalogueText(events []catalogued) string {
	var b strings.Builder
	fmt.Fprintf(&b, "every entry: %s; some: %s\n\n", strings.Join(gate.Always(), " "), strings.Join(gate.Common(), " "))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "EVENT\tFROM LEVEL\tMEANING")
	for _, e := range events {
		fmt.Fprintf(t, "%s\t%s\t%s\n", e.Event, either(e.Mandatory, "mandatory", e.Level), e.Meaning)
	}
	t.Flush()
	return b.String()
}
