// Command host is Bulkhead: it serves the Model Context Protocol from signed WASM plugins.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"bulkhead/runtimes/worker"
)

func main() {
	worker.Main(sandboxed())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
