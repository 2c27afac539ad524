package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// streams are what a command reads and writes; nothing else prints.
type streams struct {
	in       io.Reader
	out, err io.Writer
	json     bool // --json: results for machines
}

// say writes one result: v as JSON with --json, otherwise the text.
func (s *streams) say(v any, text string) error {
	if !s.json {
		_, err := io.WriteString(s.out, text)
		return err
	}
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// execute runs one command line and returns the process's exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	s := &streams{in: in, out: out, err: errOut}
	root := rootCommand(s)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	return report(s, cmd, err)
}

func rootCommand(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "host",
		Short: "A WASM plugin host for edge devices",
		Long: `Bulkhead serves the Model Context Protocol from signed WASM plugins. Who may call, what they may do, and what a
tool answers are plugins; the host gives them five capabilities and nothing else, and keeps a log.

Exit codes: 0 ok, 1 failure, 2 usage or manifest error, 3 refused (signature, trust, structure, import),
4 denied (policy), 5 plugin error, 6 limit.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().BoolVar(&s.json, "json", false, "print results as JSON")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(
		runCommand(s), checkCommand(s), callCommand(s), statusCommand(s), tokenCommand(s), auditCommand(s), keyCommand(s), pluginCommand(s), versionCommand(s),
	)
	return root
}

// group is a command that only has others below it; anything else after its name is a mistake.
func group(name, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: name, Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q", args[0]))
			}
			return usage(errors.New("which one? want a command after it"))
		},
	}
	cmd.AddCommand(below...)
	return cmd
}

// exactly is cobra.ExactArgs as a usage error that names what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usage(fmt.Errorf("want %d arguments %v, got %d", len(names), names, len(args)))
		}
		return nil
	}
}
