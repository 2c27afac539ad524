package gateway

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestMain also serves the fixture for the npm peers: with BULKHEAD_FIXTURE=stdio on stdio, with an address over HTTP.
func TestMain(m *testing.M) {
	where := os.Getenv("BULKHEAD_FIXTURE")
	if where == "" {
		os.Exit(m.Run())
	}
	if err := serveFixture(where); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveFixture(where string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := newWorld(&testing.B{}, func(w *world, c *Config) {
		for _, name := range []string{"test_simple_text", "test_streaming_elicitation", "test_logging_tool"} {
			c.Tools = append(c.Tools, text(name, "This is a simple text response for testing."))
		}
	})
	if where == "stdio" {
		return w.ServeStdio(ctx, os.Stdin, os.Stdout)
	}
	l, err := net.Listen("tcp", where)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s%s\n", l.Addr(), Path)
	return w.Serve(ctx, l)
}
