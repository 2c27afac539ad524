package peers

import (
	"context"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"bulkhead/abi"
)

// Compiler is wazero as it comes, Interpreter its other engine, and Closing the first ending calls by their context.
func Compiler() wazero.RuntimeConfig    { return wazero.NewRuntimeConfigCompiler() }
func Interpreter() wazero.RuntimeConfig { return wazero.NewRuntimeConfigInterpreter() }
func Closing() wazero.RuntimeConfig     { return Compiler().WithCloseOnContextDone(true) }

// A Plain guest is one of ABI v1 on wazero alone: no metering, no pool, no reset, one instance for ever.
type Plain struct {
	memory api.Memory
	handle api.Function
	buffer uint32
	stack  [2]uint64
}

// A Compiled guest of wazero alone makes instances.
type Compiled struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// Compile compiles a guest.
func Compile(ctx context.Context, guest []byte, c wazero.RuntimeConfig, w World) (*Compiled, error) {
	r := wazero.NewRuntimeWithConfig(ctx, c)
	if _, err := w.builder(r).Instantiate(ctx); err != nil {
		return nil, err
	}
	code, err := r.CompileModule(ctx, guest)
	return &Compiled{r, code}, err
}

// builder has the host's functions.
func (w World) builder(r wazero.Runtime) wazero.HostModuleBuilder {
	b := r.NewHostModuleBuilder(HostModule)
	i32 := func(n int) (all []api.ValueType) {
		for range n {
			all = append(all, api.ValueTypeI32)
		}
		return all
	}
	if w.Host != nil {
		b = b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, s []uint64) {
			memory, _ := m.Memory().Read(0, m.Memory().Size())
			s[0] = api.EncodeI32(w.call(memory, uint32(s[0]), uint32(s[1])))
		}), i32(2), i32(1)).Export(HostFunction)
	}
	if w.Asset != nil {
		b = b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, s []uint64) {
			memory, _ := m.Memory().Read(0, m.Memory().Size())
			s[0] = api.EncodeI32(w.read(memory, uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])))
		}), i32(4), i32(1)).Export(ReadFunction)
	}
	return b
}

// Close frees everything.
func (c *Compiled) Close() { c.runtime.Close(context.Background()) }

// Instance makes a new one, and configures it. close ends it.
func (c *Compiled) Instance(ctx context.Context) (p *Plain, close func(), err error) {
	m, err := c.runtime.InstantiateModule(ctx, c.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, nil, err
	}
	p = &Plain{memory: m.Memory(), handle: m.ExportedFunction(abi.ExportHandle)}
	input := m.ExportedFunction(abi.ExportInput)
	if configure := m.ExportedFunction(abi.ExportConfigure); configure != nil {
		if err := p.configure(ctx, input, configure); err != nil {
			return nil, nil, err
		}
	}
	p.stack[0] = abi.InputHint
	if err := input.CallWithStack(ctx, p.stack[:]); err != nil {
		return nil, nil, err
	}
	p.buffer = uint32(p.stack[0])
	return p, func() { m.Close(ctx) }, nil
}

func (p *Plain) configure(ctx context.Context, input, configure api.Function) error {
	p.stack[0] = uint64(len(config))
	if err := input.CallWithStack(ctx, p.stack[:]); err != nil {
		return err
	}
	p.memory.WriteString(uint32(p.stack[0]), config)
	p.stack[1] = uint64(len(config))
	if err := configure.CallWithStack(ctx, p.stack[:]); err != nil {
		return err
	}
	if abi.ParseResult(p.stack[0]).Failed {
		return errConfigure
	}
	return nil
}

// NewPlain compiles a guest and makes its one instance.
func NewPlain(ctx context.Context, k Keeper, guest []byte, c wazero.RuntimeConfig, w World) (*Plain, error) {
	code, err := Compile(ctx, guest, c, w)
	if err != nil {
		return nil, err
	}
	k.Closing(code.Close)
	p, _, err := code.Instance(ctx)
	return p, err
}

// Fresh makes an instance for every call, which is how calls start clean on wazero alone.
func Fresh(ctx context.Context, k Keeper, guest []byte, c wazero.RuntimeConfig) (Caller, error) {
	code, err := Compile(ctx, guest, c, World{})
	if err != nil {
		return nil, err
	}
	k.Closing(code.Close)
	return func(ctx context.Context, dst, request []byte) ([]byte, error) {
		p, end, err := code.Instance(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
		return p.Call(ctx, dst, request)
	}, nil
}

// Call is a Caller, by wazero's fastest way to call.
func (p *Plain) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
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

// Within returns a Caller with a deadline of its own for every call, for a runtime that closes on a done context.
func (p *Plain) Within(d time.Duration) Caller {
	return func(ctx context.Context, dst, request []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return p.Call(ctx, dst, request)
	}
}
