// Package peers runs what this project is compared with, each as its own documentation tells a user to.
//
// What needs cgo is built with the tag wasmtime. Without it the peer is an error with its name, never a gap.
package peers

import (
	"context"
	"errors"
)

// A Caller answers requests; answers are appended to dst, where the peer can.
type Caller func(ctx context.Context, dst, request []byte) ([]byte, error)

// A Keeper closes things at the end of a comparison, the last first.
type Keeper interface{ Closing(f func()) }

var (
	errMemory    = errors.New("not in the guest's memory")
	errConfigure = errors.New("the guest refuses its config")
)
