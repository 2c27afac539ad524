package guest

import (
	"context"

	"bulkhead/abi"
	"bulkhead/runtimes/wasi"
	"bulkhead/runtimes/wasm"
)

// A symbol is the full name of an import. Names are compared byte for byte.
type symbol struct{ module, name string }

// A function is a host function that some plugin may link.
type function struct {
	typ   wasm.FuncType
	needs abi.Capability // Progress: it needs no grant
	wasi  bool
	run   func(c *call, stack []uint64) error // an error ends the call
}

// linkable lists every host function there is, by name.
func linkable(system *wasi.System) map[symbol]function {
	all := map[symbol]function{}
	for _, i := range abi.Imports() {
		needs, ok := abi.ParseCapability(i.Name)
		if !ok {
			needs = abi.Progress
		}
		all[symbol{abi.Module, i.Name}] = function{typ: wasm.Signature(i.Params, i.Results), needs: needs, run: runOf(i.Name)}
	}
	for _, f := range system.Functions() {
		run := func(c *call, stack []uint64) error { return f.Run(c, c, stack) }
		all[symbol{abi.WASIModule, f.Name}] = function{typ: f.Type, needs: abi.Progress, wasi: true, run: run}
	}
	return all
}

func runOf(name string) func(*call, []uint64) error {
	switch name {
	case "log":
		return silent((*call).log)
	case "audit":
		return answering((*call).audit)
	case "sign":
		return answering((*call).sign)
	case "attest":
		return answering((*call).attest)
	case "infer":
		return answering((*call).infer)
	case "read":
		return answering((*call).read)
	case "result":
		return answering((*call).result)
	case "progress":
		return silent((*call).progress)
	}
	return nil
}

// answering makes a run of a function whose result is a length, or an errno below zero.
func answering(f func(*call, []uint64) (int, error)) func(*call, []uint64) error {
	return func(c *call, stack []uint64) error {
		n, err := f(c, stack)
		if err != nil {
			n = int(abi.ErrnoOf(err))
		}
		stack[0] = uint64(uint32(int32(n)))
		return nil
	}
}

func silent(f func(*call, []uint64)) func(*call, []uint64) error {
	return func(c *call, stack []uint64) error {
		f(c, stack)
		return nil
	}
}

// imports returns what the module asks for, each function once, and yield.
func imports(o *wasm.Outline, known map[symbol]function) []Import {
	yield := wasm.Signature("I", "I")
	out := []Import{{Module: wasm.YieldModule, Name: wasm.YieldName, Type: yield, Func: ending((*call).yield)}}
	done := map[symbol]bool{}
	for _, i := range o.Imports {
		s := symbol{i.Module, i.Name}
		if done[s] {
			continue
		}
		done[s] = true
		out = append(out, Import{Module: i.Module, Name: i.Name, Type: i.Type, Func: ending(watched(known[s].run))})
	}
	return out
}

// ending makes a Func of a run, whose error ends the guest's.
func ending(run func(*call, []uint64) error) Func {
	return func(ctx context.Context, stack []uint64) error {
		c := ctx.(*call)
		if err := run(c, stack); err != nil && c.end == nil {
			c.end = err
		}
		return c.end
	}
}

// watched makes a run that costs fuel and stands between two looks at context and clock: a guest that waits in a host
// function has no more time than one that computes.
func watched(run func(*call, []uint64) error) func(*call, []uint64) error {
	return func(c *call, stack []uint64) error {
		if err := c.late(); err != nil {
			return err
		}
		if err := c.pay(hostCost); err != nil {
			return err
		}
		if err := run(c, stack); err != nil {
			return err
		}
		return c.late()
	}
}
