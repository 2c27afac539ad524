package main

import (
	"bytes"
	"context"
	"sync"

	"bulkhead/bench/guests"
	"bulkhead/bench/models"
	"bulkhead/bench/peers"
	"bulkhead/runtimes"
)

const loadRounds = 12

// loads compares how long it takes from a plugin's bytes to its first answer: cold, and with compiled code kept.
func (b *bench) loads(ctx context.Context) error {
	picture, err := b.picture()
	if err != nil {
		return err
	}
	d, err := models.ReadDigits(b.root)
	if err != nil {
		return err
	}
	want, err := d.Predict(nil, picture)
	if err != nil {
		return err
	}
	w, err := b.digitsInt()
	if err != nil {
		return err
	}
	model, in, out := d.ONNX()
	entries := []entry{
		{name: nameONNX + ", f32", open: b.reopening(b.onONNX(model, in, out))},
		{name: nameInterpreter, open: b.reopening(b.onInterpreter(w.module, w.world()))},
		{name: nameWasmtimeGo, open: b.reopening(b.onWasmtimeGo(w.relaxed, w.world()))},
		{name: nameWasmtimeGo + ", code kept", open: b.keptWasmtimeGo(w)},
		{name: nameExtism, open: b.reopening(b.onExtism(w.extism, guests.EchoName, timeout, w.world()))},
		{name: nameGRPC + ", a new process, f32", open: b.reopening(b.onGoPlugin(peers.GRPC, serviceDigits, nil))},
	}
	for _, at := range places() {
		p := b.programOn(at.engine, w)
		p.Cache = nil
		entries = append(entries, entry{name: at.String() + ", cold", open: b.reloading(at, p)})
		p.Cache = b.code
		entries = append(entries, entry{name: at.String() + ", code kept", open: b.reloading(at, p)})
	}
	if _, err := b.compare(ctx, comparison{
		name: "loads", title: "From bytes to the first answer, a guest in C", base: place{engine: onWazero}.String() + ", cold", request: picture, rounds: loadRounds,
		notes:   "plugins/digits and one picture, loaded, asked and closed. Cold compiles; code kept has what an earlier load compiled, in memory.",
		check:   func(answer []byte) error { return models.Near(answer, want, sameInt) },
		entries: long(entries),
	}); err != nil {
		return err
	}
	return b.loadsOfGo(ctx)
}

// loadsOfGo is the same for a guest of stock Go, which is a hundred times larger.
func (b *bench) loadsOfGo(ctx context.Context) error {
	guest, err := b.goGuest(ctx)
	if err != nil {
		return err
	}
	words := bytes.Repeat([]byte("x"), 64)
	var entries []entry
	for _, at := range places() {
		p := b.program(guest)
		p.Cache = nil
		if !at.process { // cold, a worker does the same work elsewhere
			entries = append(entries, entry{name: goGuestName + at.String() + ", cold", open: b.reloading(at, p)})
		}
		p.Cache = b.code
		entries = append(entries, entry{name: goGuestName + at.String() + ", code kept", open: b.reloading(at, p)})
	}
	_, err = b.compare(ctx, comparison{
		name: "loads-go", title: "From bytes to the first answer, a guest of stock Go", base: goGuestName + place{engine: onWazero}.String() + ", code kept",
		notes:   "The guest of the contract suite, some 2 MB of code and Go's runtime, and an echo of 64 bytes.",
		request: append([]byte("echo "), words...), rounds: loadRounds / 2, check: equals(words), entries: long(entries),
	})
	return err
}

// long says of entries that a call of theirs is a batch.
func long(entries []entry) []entry {
	for i := range entries {
		entries[i].once = true
	}
	return entries
}

// reopening opens, calls and closes for every call.
func (b *bench) reopening(open opening) opening {
	return func(context.Context) (peers.Caller, error) {
		return func(ctx context.Context, dst, request []byte) ([]byte, error) {
			before := len(b.closers)
			defer b.closeDownTo(before)
			c, err := open(ctx)
			if err != nil {
				return nil, err
			}
			return c(ctx, dst, request)
		}, nil
	}
}

func (b *bench) reloading(at place, p runtimes.Program) opening { return b.reopening(b.loaded(at, p)) }

// keptWasmtimeGo loads code that was compiled before.
func (b *bench) keptWasmtimeGo(w work) opening {
	return func(context.Context) (peers.Caller, error) {
		compiled, err := peers.NewWasmtimeGo(w.relaxed, 0, w.world())
		if err != nil {
			return nil, err
		}
		defer compiled.Close()
		code, err := compiled.Serialize()
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, dst, request []byte) ([]byte, error) {
			run, err := peers.LoadWasmtimeGo(code, w.world())
			if err != nil {
				return nil, err
			}
			defer run.Close()
			c, err := run.Instance()
			if err != nil {
				return nil, err
			}
			return c(ctx, dst, request)
		}, nil
	}
}

// kept is a cache in memory.
type kept struct {
	mu   sync.Mutex
	code map[string][]byte
}

func newKept() *kept { return &kept{code: map[string][]byte{}} }

// Get implements runtimes.Cache.
func (k *kept) Get(key string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.code[key]
}

// Put implements runtimes.Cache.
func (k *kept) Put(key string, code []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.code[key] = bytes.Clone(code)
}
