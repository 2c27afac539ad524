//go:build wasmtime

package main

import (
	"context"
	"fmt"

	wt "github.com/bytecodealliance/wasmtime-go/v39"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/wasmtime"
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

// engines are those of this binary.
func engines() map[string]func() runtimes.Backend {
	return map[string]func() runtimes.Backend{"wazero": wazero.New, "wasmtime": wasmtime.New}
}

// sandboxed are those of its workers, which open ahead what their sandbox will not let them open.
func sandboxed() map[string]worker.Engine {
	return map[string]worker.Engine{"wazero": wazero.Ahead, "wasmtime": wasmtime.Ahead}
}

// unmetered runs a guest on wasmtime as it is, and with wasmtime's own interruption by epochs.
func (b *bench) unmetered(guest []byte) (map[string]caller, error) {
	all := map[string]caller{}
	for _, epochs := range []bool{false, true} {
		c := wt.NewConfig()
		c.SetEpochInterruption(epochs)
		alone, err := aloneOn(wt.NewEngineWithConfig(c), guest, epochs)
		if err != nil {
			return nil, err
		}
		if epochs {
			all["wasmtime alone, epochs"] = alone
		} else {
			all["wasmtime alone, nothing ends it"] = alone
		}
	}
	return all, nil
}

// aloneOn calls a guest without imports by wasmtime-go's own way, one instance for ever.
func aloneOn(e *wt.Engine, guest []byte, epochs bool) (caller, error) {
	m, err := wt.NewModule(e, guest)
	if err != nil {
		return nil, err
	}
	store := wt.NewStore(e)
	if epochs {
		store.SetEpochDeadline(1 << 40)
	}
	i, err := wt.NewInstance(store, m, nil)
	if err != nil {
		return nil, err
	}
	memory, handle := i.GetExport(store, abi.ExportMemory).Memory(), i.GetFunc(store, abi.ExportHandle)
	return func(_ context.Context, dst, request []byte) ([]byte, error) {
		if len(request) > 0 {
			return nil, fmt.Errorf("a kernel with a request")
		}
		packed, err := handle.Call(store, 0, 0)
		if err != nil {
			return nil, err
		}
		r := abi.ParseResult(uint64(packed.(int64)))
		return append(dst, memory.UnsafeData(store)[r.Address:][:r.Length]...), nil
	}, nil
}
