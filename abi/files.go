//go:build !wasip1

package abi

import "embed"

// Files is the source of this package, for sdk/source. Guests do not carry it.
//
//go:embed *.go SPEC.md
var Files embed.FS
