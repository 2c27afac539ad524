//go:build !wasip1

package sdk

import "embed"

// Files is the source of this package and of what tests of plugins need, for sdk/source. Guests do not carry it.
//
//go:embed *.go internal/native/*.go sdktest/*.go
var Files embed.FS
