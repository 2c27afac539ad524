// Package gateway carries MCP to the gate and back, over stdio and Streamable HTTP, in both generations of the protocol:
// 2026-07-28, where every request stands alone, and the ones before it with their sessions.
//
// It decides nothing. The invariant of this package: a message that is well-formed passes Gate.Do exactly once, whatever
// the MCP library makes of it, and no byte of an answer leaves before that (see exchange). Messages are read by
// host/strictjson before the library sees them, so that the two can never see different things in the same bytes.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

// A Gate authenticates, decides, records and runs. *gate.Gate is one.
type Gate interface {
	// Authenticate finds out who makes the call and fills in its ID and Caller.
	Authenticate(ctx context.Context, c *gate.Call) (*gate.Caller, error)
	// Do carries the call to its recorded result. It keeps what run returns as error within its own.
	Do(ctx context.Context, c *gate.Call, run gate.Runner) (gate.Done, error)
	// Visible reports whether policy would allow the call. It records nothing.
	Visible(ctx context.Context, caller *gate.Caller, c *gate.Call) bool
	// Stranger counts a request that was turned away before anybody asked who sends it.
	Stranger(peer, class string)
}

// Config says what a Server serves. Gate, Name, Version and Logger are required.
type Config struct {
	Gate    Gate
	Tools   []Tool
	Name    string // of this server, as clients see it
	Version string
	Logger  *slog.Logger // for the operator; never gets a credential

	// Origins are the web origins, beside the listener's own, whose pages may speak to the server: scheme://host[:port],
	// compared exactly.
	Origins []string
	// Credential is what the peer on stdio presents; nil: none.
	Credential *abi.Credential
	// Audit is the log that is served below AuditPath; nil: none is.
	Audit AuditSource
	// Ready says why the host cannot serve at the moment; nil: it always can.
	Ready func() error
	// WithProgress returns a context through which a running tool reports its progress; nil: progress goes nowhere.
	WithProgress func(ctx context.Context, report func(done, total float64)) context.Context

	Limits Limits
}

// Limits bound what peers can take. A zero field means its default.
type Limits struct {
	Message              int64         // bytes of one message; 1 MiB
	Connections          int           // at once; 256
	Sessions             int           // at once, of the older generation; 256
	SessionsPerPrincipal int           // 64; the least recently used one without a running call makes room
	SessionIdle          time.Duration // after which a session ends; 10 minutes
	Streams              int           // standing event streams at once; 128
	LogReads             int           // parts of the log on their way to readers at once, of up to 16 MiB each; 8
	StdioCalls           int           // running at once; 64
	ReadTime             time.Duration // for the body of a request; 10 seconds
	WriteTime            time.Duration // for a piece of an answer; 30 seconds
	Grace                time.Duration // that running calls get when the server stops; 10 seconds
}

func (l Limits) withDefaults() Limits {
	set(&l.Message, 1<<20)
	set(&l.Connections, 256)
	set(&l.Sessions, 256)
	set(&l.SessionsPerPrincipal, 64)
	set(&l.SessionIdle, 10*time.Minute)
	set(&l.Streams, 128)
	set(&l.LogReads, 8)
	set(&l.StdioCalls, 64)
	set(&l.ReadTime, 10*time.Second)
	set(&l.WriteTime, 30*time.Second)
	set(&l.Grace, 10*time.Second)
	return l
}

// set gives v its default. A negative limit counts as none given.
func set[T int | int64 | time.Duration](v *T, standard T) {
	if *v <= 0 {
		*v = standard
	}
}

// A Server is safe for concurrent use.
type Server struct {
	Config
	mcp      *mcp.Server
	modern   http.Handler // 2026-07-28 and later
	legacy   http.Handler // before that
	tools    map[string]*tool
	order    []*tool // as configured
	info     json.RawMessage
	origins  map[string]bool
	sessions *sessions
	streams  chan struct{}      // a token per standing stream
	reads    chan struct{}      // a token per part of the log that is being read
	stopping context.Context    // done once the server stops: streams end
	stop     context.CancelFunc // of stopping
}

// New checks the configuration. The server must be closed; Serve does that by itself.
func New(c Config) (*Server, error) {
	if c.Gate == nil || c.Name == "" || c.Version == "" || c.Logger == nil {
		return nil, errors.New("building the gateway: gate, name, version and logger are required")
	}
	c.Limits = c.Limits.withDefaults()
	s := &Server{
		Config: c, tools: map[string]*tool{}, origins: map[string]bool{},
		streams: make(chan struct{}, c.Limits.Streams), reads: make(chan struct{}, c.Limits.LogReads),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	for _, o := range c.Origins {
		if err := checkOrigin(o); err != nil {
			return nil, fmt.Errorf("building the gateway: %w", err)
		}
		s.origins[o] = true
	}
	if err := s.assemble(); err != nil {
		return nil, fmt.Errorf("building the gateway: %w", err)
	}
	return s, nil
}

// assemble builds the library's server and its two HTTP faces.
func (s *Server) assemble() error {
	self := &mcp.Implementation{Name: s.Name, Version: s.Version}
	var err error
	if s.info, err = encode(self); err != nil {
		return err
	}
	s.mcp = mcp.NewServer(self, &mcp.ServerOptions{
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}, // and nothing else
		SetCacheable: func(_ context.Context, _ mcp.Request, c *mcp.Cacheable) {
			c.CacheScope, c.TTLMs = cacheScope, cacheTTL
		},
	})
	for _, t := range s.Tools {
		if err := s.addTool(t); err != nil {
			return err
		}
	}
	s.mcp.AddReceivingMiddleware(s.receive)
	s.sessions = newSessions(s.Limits, s.mcp)
	server := func(*http.Request) *mcp.Server { return s.mcp }
	s.modern = admit(mcp.NewStreamableHTTPHandler(server, &mcp.StreamableHTTPOptions{
		Stateless: true, MaxRequestBodyBytes: s.Limits.Message, PropagateRequestCancellation: true,
	}))
	s.legacy = admit(mcp.NewStreamableHTTPHandler(server, &mcp.StreamableHTTPOptions{
		MaxRequestBodyBytes: s.Limits.Message, SessionTimeout: s.Limits.SessionIdle,
	}))
	return nil
}

// Close ends every stream and session. It waits for the calls that run in them, but not longer than the grace.
func (s *Server) Close() {
	s.stop()
	s.sessions.closeAll(s.Limits.Grace)
}
