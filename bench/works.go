package main

import (
	"os"
	"path/filepath"

	"bulkhead/bench/cguests"
	"bulkhead/bench/peers"
	"bulkhead/runtimes"
)

// A work is a guest in C, in the forms that contenders take it in.
type work struct {
	module, relaxed, extism []byte
	asset                   []byte
}

// programOn is the plugin as an operator would run it there: with relaxed SIMD where the engine has it.
func (b *bench) programOn(engine string, w work) runtimes.Program {
	p := b.program(w.module)
	if engine == onWasmtime {
		p.Wasm, p.RelaxedSIMD = w.relaxed, true
	}
	if len(w.asset) > 0 {
		p.Assets = [][]byte{w.asset}
	}
	return p
}

func (w work) world() peers.World { return peers.World{Asset: w.asset} }

// everywhere are the contenders that run a guest: engines alone, wasmtime-go, Extism, and ours in every place, clean,
// without reset, or both.
func (b *bench) everywhere(w work, ways ...string) []entry {
	all := []entry{
		{name: nameInterpreter, open: b.onInterpreter(w.module, w.world())},
		{name: alone(onWazero), open: b.onEngine(onWazero, w.module, w.world())},
		{name: alone(onWasmtime), open: b.onEngine(onWasmtime, w.relaxed, w.world())},
		{name: nameWasmtimeGo, open: b.onWasmtimeGo(w.relaxed, w.world())},
		{name: nameExtism, open: b.onExtism(w.extism, "echo", timeout, w.world())},
	}
	for _, at := range places() {
		for _, way := range ways {
			p := b.programOn(at.engine, w)
			p.Stateful = way == noReset
			all = append(all, entry{name: at.String() + way, open: b.loaded(at, p)})
		}
	}
	return all
}

// readWork reads a plugin's two modules and its asset from the project, and its form for Extism.
func (b *bench) readWork(folder, name, asset, extism string) (w work, err error) {
	in := func(file string) (data []byte) {
		if err == nil {
			data, err = os.ReadFile(filepath.Join(b.root, folder, file))
		}
		return data
	}
	w.module, w.relaxed = in(name+".wasm"), in(name+".relaxed.wasm")
	w.asset = []byte{}
	if asset != "" {
		w.asset = in(asset)
	}
	if err == nil {
		w.extism, err = cguests.Module(extism)
	}
	return w, err
}

// digitsFloat is the network in f32, and digitsInt the plugin, whose weights are int8.
func (b *bench) digitsFloat() (w work, err error) {
	read := func(name string) (module []byte) {
		if err == nil {
			module, err = cguests.Module(name)
		}
		return module
	}
	w = work{module: read("digits_f32"), relaxed: read("digits_f32.relaxed"), extism: read("extism_digits_f32")}
	if err == nil {
		w.asset, err = os.ReadFile(filepath.Join(b.root, "plugins/digits/weights.f32.bin"))
	}
	return w, err
}

func (b *bench) digitsInt() (work, error) {
	return b.readWork("plugins/digits", "digits", "weights.i8.bin", "extism_digits_i8")
}

func (b *bench) vadWork() (work, error) {
	return b.readWork("plugins/vad", "vad", "weights.bin", "extism_vad")
}

func (b *bench) kernelWork() (work, error) {
	return b.readWork("bench/guests/kernels", "kernels", "", "extism_kernels")
}
