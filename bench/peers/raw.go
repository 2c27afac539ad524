package peers

import (
	"context"
	"errors"
	"fmt"

	"bulkhead/abi"
	"bulkhead/runtimes"
	"bulkhead/runtimes/guest"
	"bulkhead/runtimes/wasm"
)

// A Raw guest is one of ABI v1 on an engine as this project binds it, with nothing around it: no metering, no limits, no
// pool.
type Raw struct {
	instance guest.Instance
	handle   guest.Func
	buffer   uint32
	stack    [2]uint64
	snapshot []byte
}

// errNoEngine is a backend that hides its engine.
var errNoEngine = errors.New("the backend has no engine to call directly")

// NewRaw takes the engine out of a backend and makes one instance.
func NewRaw(ctx context.Context, k Keeper, b runtimes.Backend, module []byte, w World) (*Raw, error) {
	backend, ok := b.(*guest.Backend)
	if !ok {
		return nil, errNoEngine
	}
	r := &Raw{}
	const pages = 2048
	code, err := backend.Engine().Compile(ctx, module, r.imports(w), pages, nil)
	if err != nil {
		return nil, err
	}
	k.Closing(func() { code.Close(context.Background()) })
	if r.instance, err = code.Instantiate(ctx); err != nil {
		return nil, err
	}
	k.Closing(func() { r.instance.Close(context.Background()) })
	r.handle = r.instance.Export(abi.ExportHandle)
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	r.snapshot = append([]byte{}, r.instance.Memory()...)
	return r, nil
}

// start configures the guest and asks for its buffer.
func (r *Raw) start(ctx context.Context) error {
	input := r.instance.Export(abi.ExportInput)
	if configure := r.instance.Export(abi.ExportConfigure); configure != nil {
		r.stack[0] = uint64(len(config))
		if err := input(ctx, r.stack[:]); err != nil {
			return err
		}
		copy(r.instance.Memory()[uint32(r.stack[0]):], config)
		r.stack[1] = uint64(len(config))
		if err := configure(ctx, r.stack[:]); err != nil {
			return err
		}
		if abi.ParseResult(r.stack[0]).Failed {
			return errConfigure
		}
	}
	r.stack[0] = abi.InputHint
	if err := input(ctx, r.stack[:]); err != nil {
		return err
	}
	r.buffer = uint32(r.stack[0])
	return nil
}

// imports are the host's functions.
func (r *Raw) imports(w World) (all []guest.Import) {
	if w.Host != nil {
		all = append(all, guest.Import{Module: HostModule, Name: HostFunction, Type: wasm.Signature("ii", "i"), Func: func(_ context.Context, s []uint64) error {
			s[0] = uint64(uint32(w.call(r.instance.Memory(), uint32(s[0]), uint32(s[1]))))
			return nil
		}})
	}
	if w.Asset != nil {
		all = append(all, guest.Import{Module: HostModule, Name: ReadFunction, Type: wasm.Signature("iiii", "i"), Func: func(_ context.Context, s []uint64) error {
			s[0] = uint64(uint32(w.read(r.instance.Memory(), uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3]))))
			return nil
		}})
	}
	return all
}

// Call is a Caller.
func (r *Raw) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	memory := r.instance.Memory()
	if uint64(r.buffer)+uint64(len(request)) > uint64(len(memory)) {
		return nil, errMemory
	}
	copy(memory[r.buffer:], request)
	r.stack[0], r.stack[1] = uint64(r.buffer), uint64(len(request))
	if err := r.handle(ctx, r.stack[:]); err != nil {
		return nil, err
	}
	a := abi.ParseResult(r.stack[0])
	memory = r.instance.Memory()
	if uint64(a.Address)+uint64(a.Length) > uint64(len(memory)) || a.Failed {
		return nil, fmt.Errorf("%w: %+v", errMemory, a)
	}
	return append(dst, memory[a.Address:][:a.Length]...), nil
}

// Bare calls the guest and nothing else: no request is written and no answer is read. It is for empty calls.
func (r *Raw) Bare(ctx context.Context, dst, _ []byte) ([]byte, error) {
	r.stack[0], r.stack[1] = 0, 0
	return dst, r.handle(ctx, r.stack[:])
}

// Reset is Call, and puts the memory back afterwards.
func (r *Raw) Reset(ctx context.Context, dst, request []byte) ([]byte, error) {
	dst, err := r.Call(ctx, dst, request)
	if err != nil {
		return nil, err
	}
	if copy(r.instance.Memory(), r.snapshot) != len(r.snapshot) {
		return nil, errMemory
	}
	return dst, nil
}
