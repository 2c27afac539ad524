package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/runtimes"
)

func pluginTestCommand(s *streams) *cobra.Command {
	var config string
	var limits limitFlags
	cmd := &cobra.Command{
		Use:   "test BUNDLE",
		Short: "Run a bundle's self-tests in the real sandbox, signed or not",
		Long: `Run a bundle's self-tests in the real sandbox, signed or not, as a host does when it loads the plugin: log works and goes
to standard error, every other capability answers UNAVAILABLE. Limits are written as in the manifest; the most that a
self-test used of each is told.`,
		Args: exactly("BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, within, err := limits.parse()
			if err != nil {
				return err
			}
			u, err := bundle.Inspect(args[0])
			if err != nil {
				return err
			}
			var raw []byte
			if config != "" {
				if raw, err = readBounded(config, 1<<20); err != nil {
					return usage(err)
				}
			}
			used, err := testBundle(cmd.Context(), s, u, at, within, raw)
			if err != nil {
				return err
			}
			name, n := u.Descriptor.Name, len(u.SelfTests)
			tested := u.Module(at.relaxedSIMD())
			result := map[string]any{"name": name, "passed": n, "reported": used.reported, "used": used.of(within), "module": tested.File}
			return s.say(result, fmt.Sprintf("%s: %d self-tests passed%s\n%s\n", name, n, ofTwo(&u.Contents, tested, " by "), used.text(within)))
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "JSON file with the operator's config")
	limits.add(cmd)
	return cmd
}

// testBundle returns the most that a self-test used.
func testBundle(ctx context.Context, s *streams, u *bundle.Unverified, at placement, limits runtimes.Limits, config []byte) (*spent, error) {
	if len(u.SelfTests) == 0 {
		return nil, usage(errors.New("the bundle has no self-tests: add [[selftest]] to plugin.toml"))
	}
	backend, err := at.openAlone()
	if err != nil {
		return nil, err
	}
	module := u.Module(at.relaxedSIMD())
	m, err := backend.Load(ctx, runtimes.Program{
		Name: u.Descriptor.Name, Wasm: module.Wasm, RelaxedSIMD: module.Relaxed, Config: config, Assets: u.Assets, Grants: u.Descriptor.Grants(),
		WASI: u.Descriptor.WASI, Host: bench{slog.New(slog.NewTextHandler(s.err, nil))}, Limits: limits,
	})
	if err != nil {
		return nil, errors.Join(err, backend.Close(ctx))
	}
	measuring := &measuredModule{Module: m}
	if err := selfTest(ctx, &u.Contents, measuring); err != nil {
		if code(err) == exitFailure { // another answer than the expected one
			err = &exitError{exitPlugin, err, ""}
		}
		return nil, errors.Join(err, m.Close(ctx), backend.Close(ctx))
	}
	return &measuring.spent, errors.Join(m.Close(ctx), backend.Close(ctx))
}

// A measuredModule notes what its calls use.
type measuredModule struct {
	runtimes.Module
	spent spent
}

// Call implements runtimes.Module.
func (m *measuredModule) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	c := measureCall(ctx, m.Module, dst, request)
	m.spent.add(c, len(c.answer)-len(dst))
	return c.answer, c.err
}

// bench is the host of a plugin under test.
type bench struct{ logger *slog.Logger }

// Capability logs, and has nothing else to give.
func (b bench) Capability(_ context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	if c != abi.Log {
		return dst, abi.ErrUnavailable
	}
	b.logger.Info(terminal(string(in)), "level", slot)
	return dst, nil
}
