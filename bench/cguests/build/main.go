// Command build compiles the guests in C beside their sources.
package main

import (
	"context"
	"fmt"
	"os"

	"bulkhead/bench/cguests"
)

func main() {
	if err := cguests.Build(context.Background(), "cguests", "cguests"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
