package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	headerTime  = 5 * time.Second // for a request's header
	idleTime    = time.Minute     // between two requests
	headerBytes = 16 << 10
)

// Serve serves Handler on l until ctx is done, then stops: no new connections, streams end, running calls get the grace
// and are cancelled after it. It closes l and the server, and returns nil after an orderly stop. A listener that is not
// on a loopback address is refused: what travels here is not encrypted.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.Close()
	defer l.Close()
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return fmt.Errorf("serving on %s: only loopback addresses are served without encryption", l.Addr())
	}
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog:    slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return calls },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(limitConnections(l, s.Limits.Connections)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.stop()
	return s.shutdown(server, cancel)
}

// shutdown waits for running calls, cancels what is left of them, and waits once more for them to notice.
func (s *Server) shutdown(server *http.Server, cancel context.CancelFunc) error {
	for _, patience := range []time.Duration{s.Limits.Grace, s.Limits.Grace/4 + time.Second} {
		ctx, done := context.WithTimeout(context.Background(), patience)
		err := server.Shutdown(ctx)
		done()
		if err == nil {
			return nil
		}
		cancel()
	}
	server.Close()
	return errors.New("stopping: calls were still running after the grace, and their connections were cut")
}

// limitConnections closes connections over the limit at once: waiting in the kernel's queue they would look alive.
func limitConnections(l net.Listener, limit int) net.Listener {
	return &limitedListener{Listener: l, free: make(chan struct{}, limit)}
}

type limitedListener struct {
	net.Listener
	free chan struct{}
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { <-l.free })}, nil
		default:
			c.Close()
		}
	}
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
