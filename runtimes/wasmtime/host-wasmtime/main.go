//go:build wasmtime

// Command host-wasmtime is a worker with wasmtime, and nothing else: bin/host starts it, as [backend.wasmtime] of the
// manifest says, for plugins with backend = "wasmtime" and isolation = "process".
package main

import (
	"context"
	"fmt"
	"os"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/worker"
)

func main() {
	worker.Main(map[string]worker.Engine{"wasmtime": wasmtime.Ahead})
	b := wasmtime.New()
	defer b.Close(context.Background())
	fmt.Println("a worker with", b.(runtimes.Versioned).Version())
	if len(os.Args) != 2 || os.Args[1] != "version" {
		fmt.Fprintln(os.Stderr, "hint: bin/host starts it, see [backend.wasmtime] of the manifest")
		os.Exit(2)
	}
}
