package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/abi"
	"bulkhead/host/audit"
	"bulkhead/host/capability"
	"bulkhead/host/control"
	"bulkhead/host/gate"
	"bulkhead/host/gateway"
	"bulkhead/host/state"
)

type runOptions struct {
	manifest, credential string
	stdio                bool
}

func runCommand(s *streams) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve MCP from the manifest's plugins until SIGTERM",
		Long: `Verify, load and serve everything that the manifest names: over HTTP where [listen] says, or with --stdio over standard
input and output for a client that starts the host itself. SIGTERM and Ctrl-C let running calls finish.

--credential-file holds the bearer token of whoever is on the other end of --stdio. It passes the same auth plugin as any
other credential.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	cmd.Flags().StringVarP(&o.manifest, "manifest", "m", defaultManifest, "the operator's manifest")
	cmd.Flags().BoolVar(&o.stdio, "stdio", false, "serve standard input and output, not HTTP")
	cmd.Flags().StringVar(&o.credential, "credential-file", "", "with --stdio: file with the peer's bearer token")
	return cmd
}

func (o *runOptions) run(ctx context.Context, s *streams) (err error) {
	if o.credential != "" && !o.stdio {
		return usage(errors.New("--credential-file goes with --stdio; over HTTP every request brings its own"))
	}
	sys, publishers, err := readTrust(o.manifest)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if err := sys.readPlugins(publishers); err != nil {
		return errors.Join(err, sys.refuse(ctx, err))
	}
	if !o.stdio && sys.Listen.HTTP == "" {
		return usage(errors.New("the manifest has no [listen] http and --stdio is not given: nobody could call"))
	}
	if sys.Audit.Level == gate.Off {
		fmt.Fprintln(s.err, auditOff)
	}
	logger, end := newLogger(s)
	defer end()
	h, err := start(ctx, sys, logger, func(p *plugin, took time.Duration) { announce(s, p, took) })
	if err != nil {
		return err
	}
	return errors.Join(h.serve(ctx, s, o), h.close(context.WithoutCancel(ctx)))
}

// A running is a host between its start and its stop.
type running struct {
	sys       *system
	dir       *state.Dir
	log       *audit.Log
	selected  gate.Log // log behind the manifest's selection, to which everybody writes
	clocks    *clockLog
	began     bool      // there is an entry that says so
	said      time.Time // when what it started with was last recorded
	retention *retention
	loader    *loader
	gate      *gate.Gate
	control   *control.Server
	logger    *slog.Logger
	started   time.Time
	listener  atomic.Pointer[string] // where it serves, once it does
}

// start takes the state directory, opens the log, raises the floor, and only then loads. What it has taken it gives back
// after an error.
func start(ctx context.Context, sys *system, logger *slog.Logger, progress func(*plugin, time.Duration)) (h *running, err error) {
	h = &running{sys: sys, logger: logger, started: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(context.WithoutCancel(ctx)))
			h = nil
		}
	}()
	if h.dir, err = openState(ctx, sys.Join(sys.State)); errors.Is(err, state.ErrLocked) {
		return h, &exitError{exitFailure, err, "stop that host, or give this manifest another state"}
	} else if err != nil {
		return h, usage(err)
	}
	if h.log, err = sys.openLog(h.dir); err != nil {
		return h, err
	}
	h.selected, h.clocks = sys.selected(h.log)
	if err := h.begin(ctx); err != nil {
		return h, err
	}
	if err := h.load(ctx, progress); err != nil {
		return h, err
	}
	if h.gate, err = newGate(h.loader, newClock(time.Now, h.log.Time)); err != nil {
		return h, err
	}
	if err := h.listenControl(); err != nil {
		return h, err
	}
	h.retain(time.Tick(pruneEvery))
	return h, nil
}

// lockPatience is how long start waits for another host to let go of the state directory: MCP clients on stdio may end one
// host and start the next in the same moment.
const lockPatience = 2 * time.Second

func openState(ctx context.Context, path string) (*state.Dir, error) {
	for deadline := time.Now().Add(lockPatience); ; {
		dir, err := state.Open(path)
		if !errors.Is(err, state.ErrLocked) || time.Now().After(deadline) || ctx.Err() != nil {
			return dir, err
		}
		time.Sleep(lockPatience / 20)
	}
}

// serve answers requests until ctx ends or the log fails: a host that cannot record must not act.
func (h *running) serve(ctx context.Context, s *streams, o *runOptions) error {
	credential, err := stdioCredential(o.credential)
	if err != nil {
		return err
	}
	server, err := gateway.New(gateway.Config{
		Gate: h.gate, Tools: h.loader.tools(), Name: "bulkhead", Version: version, Logger: h.logger, Origins: h.sys.Listen.Origins,
		Audit: h.log, Ready: h.ready, WithProgress: capability.WithProgress, Credential: credential,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go stopAfter(ctx, h.log, stop)
	if o.stdio {
		err = h.serveStdio(ctx, s, server)
	} else {
		err = h.serveHTTP(ctx, s, server)
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// lastWord is how long a host whose log has failed still answers: everybody that it is not available, which a closed door
// does not say.
const lastWord = time.Second

// stopAfter stops the host a moment after its log has failed.
func stopAfter(ctx context.Context, log failing, stop context.CancelCauseFunc) {
	select {
	case <-log.Failed():
	case <-ctx.Done():
		return
	}
	select {
	case <-time.After(lastWord):
	case <-ctx.Done():
	}
	stop(fmt.Errorf("stopping: %w", log.Err()))
}

// A failing is a log that may fail, once and for good.
type failing interface {
	Failed() <-chan struct{}
	Err() error
}

func (h *running) serveHTTP(ctx context.Context, s *streams, server *gateway.Server) error {
	listener, err := net.Listen("tcp", h.sys.Listen.HTTP)
	if err != nil {
		return hinted(fmt.Errorf("listening: %w", err), "does another host run there? [listen] http says where")
	}
	h.serving(s, fmt.Sprintf("http://%s%s", listener.Addr(), gateway.Path))
	return server.Serve(ctx, listener)
}

func (h *running) serveStdio(ctx context.Context, s *streams, server *gateway.Server) error {
	// A peer that goes away must not end the process before its calls have their results: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	h.serving(s, "standard input and output")
	return server.ServeStdio(ctx, s.in, s.out)
}

// serving says where, to people and to those who ask later.
func (h *running) serving(s *streams, where string) {
	h.listener.Store(&where)
	fmt.Fprintf(s.err, "serving %s\n", where)
}

// lastWait is what calls get that outlive the gateway's grace. A plugin that hangs must not keep the host from stopping.
const lastWait = 5 * time.Second

// close stops in the reverse order of start. The log closes last, so that everything before still ends in it.
func (h *running) close(ctx context.Context) error {
	var errs []error
	patient, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	h.retention.close()
	if h.control != nil {
		errs = append(errs, h.control.Close(patient))
	}
	if h.gate != nil {
		errs = append(errs, h.gate.Drain(patient))
		h.gate.Close()
	}
	if h.loader != nil {
		errs = append(errs, h.loader.close(patient))
	}
	if h.log != nil {
		if h.began && h.log.Err() == nil {
			errs = append(errs, h.record(ctx, gate.HostStop, either(h.gate == nil, "the start failed", "")))
		}
		errs = append(errs, h.log.Close())
	}
	if h.dir != nil {
		errs = append(errs, h.dir.Close())
	}
	return errors.Join(errs...)
}

// announce tells a person how loading goes on.
func announce(s *streams, p *plugin, took time.Duration) {
	if s.json {
		return
	}
	fmt.Fprintf(s.err, "  loaded %-10s %s %s, role %s, signed by %s, in %.1f s\n", p.Alias, p.Name, p.bundle.Descriptor.Version, p.Role, p.bundle.Publisher, took.Seconds())
}

// stdioCredential reads what the peer on stdio presents.
func stdioCredential(path string) (*abi.Credential, error) {
	if path == "" {
		return nil, nil
	}
	token, err := readCredential(path)
	if err != nil {
		return nil, err
	}
	return &abi.Credential{Scheme: "bearer", Value: token}, nil
}
