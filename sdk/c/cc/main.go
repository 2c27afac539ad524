// Command cc compiles a guest in C to the two modules that lie beside its plugin.toml: one for every engine, and one for
// those with relaxed SIMD.
//
//	go run ./sdk/c/cc -o plugins/digits/digits plugins/digits/guest/digits.c
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"bulkhead/sdk/c/clang"
)

func main() {
	out := flag.String("o", "plugin", "`path` of the modules, without .wasm and .relaxed.wasm")
	sdk := flag.String("sdk", "sdk/c", "`folder` of the headers and flags")
	flag.Parse()
	for suffix, relaxed := range map[string]bool{".wasm": false, ".relaxed.wasm": true} {
		module, err := clang.Build(context.Background(), clang.Guest{SDK: *sdk, Args: flag.Args(), Relaxed: relaxed})
		if err == nil {
			err = os.WriteFile(*out+suffix, module, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "cc:", err)
			os.Exit(1)
		}
	}
}
