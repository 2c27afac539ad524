//go:build !wasmtime

package peers

import (
	"context"
	"errors"
	"time"

	"bulkhead/bench/onnx"
)

var errAbsent = errors.New("it is not in this program: make bench builds one that has it")

// ONNXVersion is absent here.
func ONNXVersion() string { return "absent" }

// OpenONNX is absent here.
func OpenONNX(string) error { return errors.Join(errors.New("onnxruntime"), errAbsent) }

// A Session is absent here.
type Session struct{}

// NewSession is absent here.
func NewSession([]byte, []onnx.Value, []onnx.Value) (*Session, error) { return nil, errAbsent }

// Call is absent here.
func (*Session) Call(context.Context, []byte, []byte) ([]byte, error) { return nil, errAbsent }

// Close is absent here.
func (*Session) Close() {}

// A WasmtimeGo is absent here.
type WasmtimeGo struct{}

// NewWasmtimeGo is absent here.
func NewWasmtimeGo([]byte, time.Duration, World) (*WasmtimeGo, error) {
	return nil, errors.Join(errors.New("wasmtime-go"), errAbsent)
}

// Instance is absent here.
func (*WasmtimeGo) Instance() (Caller, error) { return nil, errAbsent }

// Serialize is absent here.
func (*WasmtimeGo) Serialize() ([]byte, error) { return nil, errAbsent }

// LoadWasmtimeGo is absent here.
func LoadWasmtimeGo([]byte, World) (*WasmtimeGo, error) { return nil, errAbsent }

// Close is absent here.
func (*WasmtimeGo) Close() {}
