package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
)

func auditCommand(s *streams) *cobra.Command {
	cmd := group("audit", "Read, verify, prove, export, anchor and prune the log",
		auditTailCommand(s), auditShowCommand(s), auditVerifyCommand(s), auditProveCommand(s), auditReceiptCommand(s), auditEventsCommand(s),
		auditExportCommand(s), auditPruneCommand(s), auditAnchorCommand(s))
	cmd.Long = `Read, verify and prove the log. LOG is the state directory that holds it, "state" by default, or the log's own folder.
All but prune only read the log; a running host minds none of them.`
	return cmd
}

// logFolder takes the log's folder or the state directory that holds it.
func logFolder(args []string) string {
	path := "state"
	if len(args) > 0 {
		path = args[0]
	}
	below := filepath.Join(path, audit.FolderName)
	if info, err := os.Stat(below); err == nil && info.IsDir() {
		return below
	}
	return path
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("want at most one LOG, got %q", args))
	}
	return nil
}

func auditTailCommand(s *streams) *cobra.Command {
	o := audit.TailOptions{}
	cmd := &cobra.Command{
		Use: "tail [LOG]", Short: "Print the last entries, a line each", Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.JSON = s.json
			return audit.Tail(cmd.Context(), s.out, logFolder(args), o)
		},
	}
	cmd.Flags().IntVarP(&o.Entries, "entries", "n", 10, "how many")
	cmd.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on with new entries until interrupted")
	return cmd
}

func auditShowCommand(s *streams) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "show ENTRY", Short: "Print entries in full, by index, entry id or call id", Args: exactly("ENTRY"),
		RunE: func(_ *cobra.Command, args []string) error {
			return audit.Show(s.out, logFolder([]string{path}), args[0], s.json)
		},
	}
	cmd.Flags().StringVar(&path, "log", "state", "the log's folder or its state directory")
	return cmd
}
