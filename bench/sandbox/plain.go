package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/abi"
)

// A plain guest is one without imports on wazero alone: no metering, no pool, no reset, one instance for ever.
type plain struct {
	memory api.Memory
	handle api.Function
	buffer uint32
	stack  [2]uint64
}

func (b *bench) plain(guest []byte, c wazero.RuntimeConfig) (*plain, error) {
	r := wazero.NewRuntimeWithConfig(b.ctx, c)
	b.closing(func() { r.Close(context.Background()) })
	m, err := r.InstantiateWithConfig(b.ctx, guest, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	p := &plain{memory: m.Memory(), handle: m.ExportedFunction(abi.ExportHandle)}
	p.stack[0] = abi.InputHint
	if err := m.ExportedFunction(abi.ExportInput).CallWithStack(b.ctx, p.stack[:]); err != nil {
		return nil, err
	}
	p.buffer = uint32(p.stack[0])
	return p, nil
}

var errMemory = errors.New("not in the guest's memory")

// call is a caller, by wazero's fastest way to call.
func (p *plain) call(ctx context.Context, dst, request []byte) ([]byte, error) {
	if !p.memory.Write(p.buffer, request) {
		return nil, errMemory
	}
	p.stack[0], p.stack[1] = uint64(p.buffer), uint64(len(request))
	if err := p.handle.CallWithStack(ctx, p.stack[:]); err != nil {
		return nil, err
	}
	r := abi.ParseResult(p.stack[0])
	answer, ok := p.memory.Read(r.Address, r.Length)
	if !ok || r.Failed {
		return nil, fmt.Errorf("%w: %+v", errMemory, r)
	}
	return append(dst, answer...), nil
}

// timed is a caller with a deadline, for a runtime that closes on a done context.
func (p *plain) timed(ctx context.Context, dst, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return p.call(ctx, dst, request)
}

// compiler is wazero as it comes, closing one that ends calls by their context.
func compiler() wazero.RuntimeConfig { return wazero.NewRuntimeConfigCompiler() }

func closing() wazero.RuntimeConfig { return compiler().WithCloseOnContextDone(true) }
