package main

import (
	"errors"

	"github.com/spf13/cobra"
)

type pluginCallOptions struct {
	benchFlags
	input  string
	repeat int
}

func pluginCallCommand(s *streams) *cobra.Command {
	var o pluginCallOptions
	cmd := &cobra.Command{
		Use:   "call BUNDLE|FILE.wasm",
		Short: "Run a plugin, signed or not, in the real sandbox: the author's workbench",
		Long: `Run a plugin, signed or not, in the real sandbox: the author's workbench. It opens no manifest, state, keys or cache of a host.
A plugin gets what it is granted from stand-ins, within a host's quotas: keys made on the spot and thrown away
(signatures in the context "bulkhead/workbench/v1"), models that echo, evidence that says "workbench"; audit objects
and log lines are shown on standard error.

The input is the request as the plugin gets it, as it is, and the answer goes to standard output, raw unless that is a
terminal. With --tool, input that is no whole tool request becomes the arguments of that tool.

--repeat calls again with the same input and says how the calls ended and whether all answers were equal. What was
used is the most that any call used.

--json prints {outcome, error, output or output_base64, fuel, memory in bytes, duration in seconds, reported, log,
audit, not_shown, uses, used, calls}. The outcome is one of ok, error, trap, bad-output, limit, refused, died; the exit
code 0 for ok, 3 for refused, 6 for limit, 5 for the others, and of several calls that of the worst.`,
		Example: `  bin/host plugin call bin/hello/out --tool greet --input bin/hello/testdata/ada.json
  bin/host plugin call any.wasm --grant log,sign --input request.bin --repeat 1000 --json`,
		Args: exactly("BUNDLE or FILE.wasm"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, s, args[0]) },
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.input, "input", "", "file with the request, - for standard input; default: an empty request")
	cmd.Flags().IntVar(&o.repeat, "repeat", 1, "how many calls")
	return cmd
}

func (o *pluginCallOptions) run(cmd *cobra.Command, s *streams, path string) error {
	ctx := cmd.Context()
	at, limits, err := o.limits.parse()
	if err != nil {
		return err
	}
	if o.repeat < 1 {
		return usage(errors.New("--repeat wants at least 1"))
	}
	sp, err := o.specimen(cmd, path)
	if err != nil {
		return s.refuse(err)
	}
	request, err := readRequest(s, o.input)
	if err == nil && o.tool != "" {
		request, err = asToolRequest(o.tool, request)
	}
	if err != nil {
		return err
	}
	w, err := newWorkbench(ctx, sp, at, limits)
	if err != nil {
		return s.refuse(err)
	}
	t := newTally()
	err = t.run(ctx, w, request, o.repeat)
	return errors.Join(err, s.show(t, w), w.close(ctx))
}
