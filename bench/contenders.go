package main

import (
	"context"
	"fmt"
	"time"

	"bulkhead/bench/onnx"
	"bulkhead/bench/peers"
)

// Names of contenders, the same in every table. Ours are those of places.
const (
	nameNative      = "native C, gcc -O3, cgo"
	nameGo          = "native Go, no vectors"
	nameONNX        = "onnxruntime"
	nameInterpreter = "wazero's interpreter"
	nameWasmtimeGo  = "wasmtime-go"
	nameExtism      = "Extism, timeout 2 s"
	nameGRPC        = "go-plugin, gRPC"
	nameNetRPC      = "go-plugin, net/rpc"
)

func alone(engine string) string { return engine + " alone" }

// timeout is what peers get that have one.
const timeout = 2 * time.Second

type opening = func(context.Context) (peers.Caller, error)

// onNative opens what cannot fail.
func onNative(c peers.Caller) opening { return opened(c) }

// onONNX opens a session of its own.
func (b *bench) onONNX(model []byte, in, out onnx.Value) opening {
	return b.onSession(model, []onnx.Value{in}, []onnx.Value{out})
}

func (b *bench) onSession(model []byte, inputs, outputs []onnx.Value) opening {
	return func(context.Context) (peers.Caller, error) {
		if err := peers.OpenONNX(b.onnx); err != nil {
			return nil, err
		}
		s, err := peers.NewSession(model, inputs, outputs)
		if err != nil {
			return nil, err
		}
		b.Closing(s.Close)
		return s.Call, nil
	}
}

// onInterpreter runs a guest on wazero's other engine, alone.
func (b *bench) onInterpreter(guest []byte, w peers.World) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		p, err := peers.NewPlain(ctx, b, guest, peers.Interpreter(), w)
		if err != nil {
			return nil, err
		}
		return p.Call, nil
	}
}

// onEngine runs a guest on an engine as we bind it, with nothing around it.
func (b *bench) onEngine(engine string, guest []byte, w peers.World) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		r, err := b.raw(ctx, engine, guest, w)
		if err != nil {
			return nil, err
		}
		return r.Call, nil
	}
}

func (b *bench) raw(ctx context.Context, engine string, guest []byte, w peers.World) (*peers.Raw, error) {
	on, err := backend(engine)
	if err != nil {
		return nil, err
	}
	b.Closing(func() { on.Close(context.Background()) })
	return peers.NewRaw(ctx, b, on, guest, w)
}

// onWasmtimeGo runs a guest by wasmtime-go's own API, with no timeout.
func (b *bench) onWasmtimeGo(guest []byte, w peers.World) opening {
	return func(context.Context) (peers.Caller, error) {
		run, err := peers.NewWasmtimeGo(guest, 0, w)
		if err != nil {
			return nil, err
		}
		b.Closing(run.Close)
		return run.Instance()
	}
}

// onExtism runs a guest on one instance of Extism.
func (b *bench) onExtism(guest []byte, function string, timeout time.Duration, w peers.World) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		return peers.OneExtism(ctx, b, guest, function, timeout, w)
	}
}

// onGoPlugin asks a process of its own by name.
func (b *bench) onGoPlugin(protocol, name string, hosted peers.HostFunc) opening {
	return func(context.Context) (peers.Caller, error) {
		g, err := peers.StartGoPlugin(protocol, childVariable, hosted)
		if err != nil {
			return nil, fmt.Errorf("go-plugin: %w", err)
		}
		b.Closing(g.Close)
		return g.Caller(name), nil
	}
}
