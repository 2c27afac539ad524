package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/host/control"
	"bulkhead/host/gate"
	"bulkhead/host/manifest"
	"bulkhead/host/strictjson"
)

func statusCommand(s *streams) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Ask the running host of a manifest how it and its plugins are",
		Long: `Ask the running host of a manifest, through the control socket in its state directory, how it and its plugins are. Only
root and the host's own user are answered, and each time is an entry of the log.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return showStatus(cmd.Context(), s, path) },
	}
	cmd.Flags().StringVarP(&path, "manifest", "m", defaultManifest, "the operator's manifest")
	return cmd
}

// patience is how long an administrator waits for a host that hangs.
const patience = 10 * time.Second

func showStatus(ctx context.Context, s *streams, path string) error {
	m, err := manifest.Load(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir := m.Join(m.State)
	answer, err := control.Ask(ctx, dir, control.Request{Action: actionStatus})
	switch {
	case errors.Is(err, control.ErrNoHost):
		return hinted(fmt.Errorf("%w: %s has no open %s", err, dir, control.SocketName), "start it with: bin/host run -m "+path+"; one that is still loading does not answer yet")
	case errors.Is(err, control.ErrForbidden):
		return hinted(err, "run this as that user, or as root")
	case err != nil:
		return err
	}
	var status hostStatus
	if err := strictjson.Decode(answer, &status); err != nil {
		return hinted(fmt.Errorf("decoding the host's status: %w", err), "the running host is of another version than this command")
	}
	return s.say(status, statusText(status))
}

// statusText escapes everything: the other end of the socket need not be a host.
func statusText(s hostStatus) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "bulkhead %s, process %d, up %v\n", gate.Escape(s.Version), s.PID, time.Duration(s.Uptime)*time.Second)
	fmt.Fprintf(t, "manifest\t%s, serial %d%s\n", gate.Escape(s.Manifest), s.Serial, either(s.Development, ", development keys", ""))
	fmt.Fprintf(t, "listener\t%s\n", either(s.Listener == "", "none yet", gate.Escape(s.Listener)))
	fmt.Fprintf(t, "ready\t%s\n", either(s.Ready, "yes", "no: "+gate.Escape(s.Reason)))
	fmt.Fprintf(t, "log\t%s\n\n", s.Log.text())
	t.Flush()
	fmt.Fprintln(t, "PLUGIN\tROLE\tRUNS ON\tINSTANCES\tCALLS\tREPLACED\tDEATHS\tDROPPED\tSTATE")
	for _, p := range s.Plugins {
		fmt.Fprintf(t, "%s = %s %s\t%s\t%s, isolation %s\t%d (%d idle)\t%d\t%d\t%d\t%d\t%s\n", gate.Escape(p.Alias), gate.Escape(p.Name), gate.Escape(p.Version),
			gate.Escape(p.Role), gate.Escape(p.Backend), gate.Escape(p.Isolation), p.Instances, p.Idle, p.Calls, p.Replaced, p.Deaths, p.Dropped, p.state())
	}
	t.Flush()
	return b.String()
}

// text is some lines, the first of which stands beside a label.
func (l logStatus) text() string {
	if l.Level == gate.Off.String() {
		return auditOff
	}
	out := fmt.Sprintf("%d entries, root %s, %s\n\torigin %s\n\tlevel %s, kept %s", l.Size, gate.Escape(l.Root), either(l.Accepts, "accepts more", "HAS FAILED"),
		gate.Escape(l.Origin), gate.Escape(l.Level), gate.Escape(kept(l.Retention)))
	if l.Except != nil {
		out += ", without " + gate.Escape(strings.Join(l.Except, " "))
	}
	if l.Oldest != nil {
		out += fmt.Sprintf("\n\toldest entry %d of %s", l.Oldest.Index, gate.Escape(l.Oldest.Time))
	}
	if l.Published != "" {
		out += "\n\tlast checkpoint of " + gate.Escape(l.Published)
	}
	return out
}

// state is the last column: what an operator has to do something about.
func (p pluginStatus) state() string {
	state := "ready"
	if !p.Ready {
		state = "quarantined until " + gate.Escape(p.Quarantined)
	}
	if p.Reason != "" {
		state += "; last: " + gate.Escape(p.Reason)
	}
	return state
}

func either(which bool, yes, no string) string {
	if which {
		return yes
	}
	return no
}
