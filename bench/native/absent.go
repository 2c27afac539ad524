//go:build !wasmtime

package native

import (
	"context"
	"errors"
)

var errAbsent = errors.New("native C is not in this program: make bench builds one that has it")

// Empty is absent here.
func Empty(context.Context, []byte, []byte) ([]byte, error) { return nil, errAbsent }

// Echo is absent here.
func Echo(context.Context, []byte, []byte) ([]byte, error) { return nil, errAbsent }

// Back is absent here.
func Back(func(data []byte) error, int) (call func(context.Context, []byte, []byte) ([]byte, error), close func()) {
	return Empty, func() {}
}

// A Kernel is absent here.
type Kernel struct {
	Name    string
	Weights []byte
	N       int
}

// Call is absent here.
func (Kernel) Call(context.Context, []byte, []byte) ([]byte, error) { return nil, errAbsent }

// Digits is absent here.
func Digits([]byte) func(context.Context, []byte, []byte) ([]byte, error) { return Empty }

// Plain is absent here.
func Plain(context.Context, []byte, []byte) ([]byte, error) { return nil, errAbsent }

// VAD is absent here.
func VAD([]byte) func(context.Context, []byte, []byte) ([]byte, error) { return Empty }

// DigitsInt is absent here.
func DigitsInt([]byte) func(context.Context, []byte, []byte) ([]byte, error) { return Empty }
