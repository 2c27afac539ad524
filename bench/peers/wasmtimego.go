//go:build wasmtime

package peers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	wt "github.com/bytecodealliance/wasmtime-go/v39"

	"bulkhead/abi"
)

// A WasmtimeGo is a guest of ABI v1 that wasmtime has compiled, called by wasmtime-go's own way.
type WasmtimeGo struct {
	engine  *wt.Engine
	module  *wt.Module
	linker  *wt.Linker
	timeout time.Duration
	stop    func()
}

// NewWasmtimeGo compiles a guest. With a timeout, calls have wasmtime's own interruption by epochs, ten of them in the
// timeout.
func NewWasmtimeGo(guest []byte, timeout time.Duration, world World) (*WasmtimeGo, error) {
	c := wt.NewConfig()
	c.SetEpochInterruption(timeout > 0)
	w := &WasmtimeGo{engine: wt.NewEngineWithConfig(c), timeout: timeout, stop: func() {}}
	var err error
	if w.module, err = wt.NewModule(w.engine, guest); err != nil {
		return nil, fmt.Errorf("wasmtime-go: %w", err)
	}
	w.linker = wt.NewLinker(w.engine)
	err = w.define(world)
	if timeout > 0 {
		w.tick()
	}
	return w, err
}

// define links the host's functions, by the way that the library's users take.
func (w *WasmtimeGo) define(world World) (err error) {
	memory := func(c *wt.Caller) []byte { return c.GetExport(abi.ExportMemory).Memory().UnsafeData(c) }
	if world.Host != nil {
		err = w.linker.FuncWrap(HostModule, HostFunction, func(c *wt.Caller, at, n int32) int32 {
			return world.call(memory(c), uint32(at), uint32(n))
		})
	}
	if world.Asset != nil {
		err = errors.Join(err, w.linker.FuncWrap(HostModule, ReadFunction, func(c *wt.Caller, slot, offset, at, room int32) int32 {
			return world.read(memory(c), uint32(slot), uint32(offset), uint32(at), uint32(room))
		}))
	}
	return err
}

const epochs = 10

// tick moves the epoch on until the end.
func (w *WasmtimeGo) tick() {
	done := make(chan struct{})
	w.stop = sync.OnceFunc(func() { close(done) })
	go func() {
		for t := time.NewTicker(w.timeout / epochs); ; {
			select {
			case <-t.C:
				w.engine.IncrementEpoch()
			case <-done:
				t.Stop()
				return
			}
		}
	}()
}

// LoadWasmtimeGo makes one of what Serialize returned.
func LoadWasmtimeGo(code []byte, world World) (*WasmtimeGo, error) {
	c := wt.NewConfig()
	c.SetEpochInterruption(false)
	w := &WasmtimeGo{engine: wt.NewEngineWithConfig(c), stop: func() {}}
	var err error
	if w.module, err = wt.NewModuleDeserialize(w.engine, code); err != nil {
		return nil, fmt.Errorf("wasmtime-go: %w", err)
	}
	w.linker = wt.NewLinker(w.engine)
	return w, w.define(world)
}

// Serialize returns the compiled code.
func (w *WasmtimeGo) Serialize() ([]byte, error) { return w.module.Serialize() }

// Close frees everything.
func (w *WasmtimeGo) Close() {
	w.stop()
	w.linker.Close()
	w.module.Close()
	w.engine.Close()
}

// Instance makes a store and an instance in it, and calls that.
func (w *WasmtimeGo) Instance() (Caller, error) {
	store := wt.NewStore(w.engine)
	if w.timeout > 0 {
		store.SetEpochDeadline(epochs)
	}
	i, err := w.linker.Instantiate(store, w.module)
	if err != nil {
		return nil, err
	}
	memory, handle, input := i.GetExport(store, abi.ExportMemory).Memory(), i.GetFunc(store, abi.ExportHandle), i.GetFunc(store, abi.ExportInput)
	if configure := i.GetFunc(store, abi.ExportConfigure); configure != nil {
		at, err := input.Call(store, int32(len(config)))
		if err != nil {
			return nil, err
		}
		copy(memory.UnsafeData(store)[uint32(at.(int32)):], config)
		if packed, err := configure.Call(store, at, int32(len(config))); err != nil || abi.ParseResult(uint64(packed.(int64))).Failed {
			return nil, errors.Join(errConfigure, err)
		}
	}
	at, err := input.Call(store, int32(abi.InputHint))
	if err != nil {
		return nil, err
	}
	buffer := uint32(at.(int32))
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if w.timeout > 0 {
			store.SetEpochDeadline(epochs)
		}
		data := memory.UnsafeData(store)
		if uint64(buffer)+uint64(len(request)) > uint64(len(data)) {
			return nil, errMemory
		}
		copy(data[buffer:], request)
		packed, err := handle.Call(store, int32(buffer), int32(len(request)))
		if err != nil {
			return nil, err
		}
		r := abi.ParseResult(uint64(packed.(int64)))
		if data = memory.UnsafeData(store); uint64(r.Address)+uint64(r.Length) > uint64(len(data)) || r.Failed {
			return nil, errors.Join(errMemory, fmt.Errorf("%+v", r))
		}
		return append(dst, data[r.Address:][:r.Length]...), nil
	}, nil
}
