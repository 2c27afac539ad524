// Package c carries the SDK for guests in C, so that a host can write it beside a new plugin.
package c

import "embed"

// Files are the headers and the compiler's flags.
//
//go:embed *.h nn/*.h flags flags.relaxed
var Files embed.FS
