package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulkhead/host/audit"
)

func auditCommand(s *streams) *cobra.Command {
	cmd := group("audit", "Read and verify the log", auditTailCommand(s), auditShowCommand(s), auditVerifyCommand(s), auditReceiptCommand(s))
	cmd.Long = `Read and verify the log. LOG is the file or the state directory that holds it, "state" by default. The commands only
read; a running host does not mind.`
	return cmd
}

// logPath takes a file or the state directory that holds the log.
func logPath(args []string) string {
	path := "state"
	if len(args) > 0 {
		path = args[0]
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, audit.FolderName, "00000000000000000000.log")
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
			return audit.Tail(cmd.Context(), s.out, logPath(args), o)
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
			return audit.Show(s.out, logPath([]string{path}), args[0], s.json)
		},
	}
	cmd.Flags().StringVar(&path, "log", "state", "the log's file or its state directory")
	return cmd
}

func auditVerifyCommand(s *streams) *cobra.Command {
	var head, save string
	cmd := &cobra.Command{
		Use:   "verify [LOG]",
		Short: "Check every entry and the chain, and that nothing is missing since a saved head",
		Long: `Check every entry and the chain. Alone, this cannot see entries cut off at the very end, nor a log replaced as a whole:
save the head elsewhere with --save-head, and give it back with --head.`,
		Args: atMostOne,
		RunE: func(_ *cobra.Command, args []string) error { return verifyLog(s, logPath(args), head, save) },
	}
	cmd.Flags().StringVar(&head, "head", "", "a saved head that the log must still contain")
	cmd.Flags().StringVar(&save, "save-head", "", "write the verified head to this file")
	return cmd
}

func verifyLog(s *streams, path, head, save string) error {
	var saved *audit.Head
	if head != "" {
		h, err := audit.ReadHead(head)
		if err != nil {
			return usage(err)
		}
		saved = &h
	}
	report, err := audit.VerifyFile(path, saved)
	var problem *audit.Problem
	if errors.As(err, &problem) {
		return refused(err, "keep this file as evidence; entries before the named one are good")
	}
	if err != nil {
		return err
	}
	if save != "" {
		if err := audit.WriteHead(save, report.Head); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("log ok: %d entries, %s to %s, head %s\n", report.Entries, report.First, report.Last, report.Head.Hash)
	if saved == nil {
		text += "without a saved head, a cut at the very end would not show (--save-head, --head)\n"
	}
	return s.say(report, text)
}
