package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// ServeStdio serves one peer, newline-delimited, until in ends or ctx is done; running calls get the grace and are
// cancelled after it. Nothing but protocol is written to out. If in is an io.Closer it is closed; where that does not end
// a Read, as on a terminal, one goroutine stays behind until the Read ends. ServeStdio may be called once.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	defer s.Close()
	if c, ok := in.(io.Closer); ok {
		defer c.Close()
	}
	conn := &stdioConn{
		server: s, out: out, stop: ctx.Done(), lines: make(chan line), closed: make(chan struct{}),
		ending: make(chan struct{}), pending: map[jsonrpc.ID]*exchange{}, idle: make(chan struct{}, 1),
	}
	defer conn.Close()
	go readLines(in, s.Limits.Message, conn.lines, conn.closed)
	session, err := s.mcp.Connect(context.WithoutCancel(ctx), conn, nil)
	if err != nil {
		return fmt.Errorf("serving stdio: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	<-conn.ending
	select {
	case err = <-ended:
	case <-time.After(s.Limits.Grace/4 + time.Second):
		err = errors.New("calls were still running after the grace")
	}
	if err == nil || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.EPIPE) { // a peer that is gone has hung up
		return nil
	}
	return fmt.Errorf("serving stdio: %w", err)
}
