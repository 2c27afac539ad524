package main

import (
	"bytes"
	"context"
	"fmt"

	"bulkhead/bench/guests"
	"bulkhead/bench/models"
	"bulkhead/bench/native"
	"bulkhead/bench/peers"
)

// callNotes stand above every table of calls.
const callNotes = "In this process, back to back. \"Clean\" puts the memory back after each call, \"without reset\" is a stateful plugin. " +
	"An engine alone has no limits, no reset and no host around it; native code has no sandbox at all. "

// goGuestName is before the place of a guest of stock Go.
const goGuestName = "Go compiled to wasm, "

// calls compares an empty call and echoes of 64 bytes and 64 KiB.
func (b *bench) calls(ctx context.Context) error {
	if err := b.emptyCall(ctx); err != nil {
		return err
	}
	for _, size := range []int{64, 64 << 10} {
		if err := b.echo(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) emptyCall(ctx context.Context) error {
	guest := guests.Empty()
	model, in, out := models.Identity(1)
	c := comparison{
		name: "empty", title: "An empty call", notes: callNotes + "onnxruntime's is one identity of one number.",
		base: alone(onWazero), check: func([]byte) error { return nil },
		entries: []entry{
			{name: nameNative, open: onNative(native.Empty)},
			{name: nameONNX, open: b.onONNX(model, in, out), request: make([]byte, 4)},
			{name: nameInterpreter, open: b.onInterpreter(guest, peers.World{})},
			{name: alone(onWazero), open: b.bare(onWazero, guest)},
			{name: alone(onWasmtime), open: b.bare(onWasmtime, guest)},
			{name: nameWasmtimeGo, open: b.onWasmtimeGo(guest, peers.World{})},
			{name: nameExtism, open: b.onExtism(guests.ExtismEmpty(), guests.EchoName, timeout, peers.World{})},
			{name: nameNetRPC, open: b.onGoPlugin(peers.NetRPC, serviceEcho, nil)},
			{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, serviceEcho, nil)},
		},
	}
	c.entries = append(c.entries, b.everyPlace(guest)...)
	t, err := b.compare(ctx, c)
	if err == nil {
		b.aimMedian(t, "empty call, wasmtime through our binding, nothing around it", 150, alone(onWasmtime))
		b.aimMedian(t, "the same through the module contract: metered, with its deadline, without reset", noAim, place{engine: onWasmtime}.String()+noReset)
	}
	return err
}

// bare is an engine alone without even a request.
func (b *bench) bare(engine string, guest []byte) opening {
	return func(ctx context.Context) (peers.Caller, error) {
		r, err := b.raw(ctx, engine, guest, peers.World{})
		if err != nil {
			return nil, err
		}
		return r.Bare, nil
	}
}

// everyPlace are ours, without reset and clean.
func (b *bench) everyPlace(guest []byte) (all []entry) {
	for _, at := range places() {
		all = append(all, entry{name: at.String() + noReset, open: b.ours(at, guest, true)}, entry{name: at.String() + clean, open: b.ours(at, guest, false)})
	}
	return all
}

func (b *bench) echo(ctx context.Context, size int) error {
	guest, words := guests.Echo(2), bytes.Repeat([]byte("x"), size)
	model, in, out := models.Identity(size / 4)
	c := comparison{
		name: fmt.Sprint("echo", size), title: "An echo of " + sizeName(size),
		notes: callNotes + "The guest has 128 KiB of memory, that of stock Go 2.5 MiB and more. Extism's guest copies through Extism's kernel, eight bytes at a time, as Extism's own kits do.",
		base:  place{engine: onWazero}.String() + clean, request: words, check: equals(words),
		entries: []entry{
			{name: nameNative, open: onNative(native.Echo)},
			{name: nameONNX, open: b.onONNX(model, in, out)},
			{name: nameInterpreter, open: b.onInterpreter(guest, peers.World{})},
			{name: alone(onWazero), open: b.onEngine(onWazero, guest, peers.World{})},
			{name: alone(onWasmtime), open: b.onEngine(onWasmtime, guest, peers.World{})},
			{name: nameWasmtimeGo, open: b.onWasmtimeGo(guest, peers.World{})},
			{name: "Extism, no timeout", open: b.onExtism(guests.ExtismEcho(), guests.EchoName, 0, peers.World{})},
			{name: nameExtism, open: b.onExtism(guests.ExtismEcho(), guests.EchoName, timeout, peers.World{})},
			{name: nameNetRPC, open: b.onGoPlugin(peers.NetRPC, serviceEcho, nil)},
			{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, serviceEcho, nil)},
		},
	}
	c.entries = append(c.entries, b.everyPlace(guest)...)
	stock, err := b.goGuest(ctx)
	if err != nil {
		return err
	}
	for _, at := range places() {
		c.entries = append(c.entries, entry{name: goGuestName + at.String() + clean, open: b.ours(at, stock, false), request: append([]byte("echo "), words...)})
	}
	t, err := b.compare(ctx, c)
	if err == nil && size == 64 {
		b.echoAims(t)
	}
	return err
}

func sizeName(n int) string {
	if n >= 1024 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// hostCalls compares calls from a guest to its host.
func (b *bench) hostCalls(ctx context.Context) error {
	guest := guests.HostCalls()
	nod := func([]byte) error { return nil }
	call, end := native.Back(nod, guests.Calls)
	b.Closing(end)
	c := comparison{
		name: "hostcall", title: "A call from the guest to its host", base: place{engine: onWazero}.String() + noReset, check: func([]byte) error { return nil },
		notes: fmt.Sprintf("64 bytes of the guest's memory given to a function that does nothing, %d times in one call, by the time of each. Ours go through grants, pointer checks, the call's context and a guard against panics. "+
			"The guest of go-plugin is a process that calls back over its broker, %d times.", guests.Calls, peers.BackCalls),
		entries: []entry{
			{name: nameNative, open: onNative(call), of: guests.Calls},
			{name: nameInterpreter, open: b.onInterpreter(guest, peers.World{Host: nod}), of: guests.Calls},
			{name: alone(onWazero), open: b.onEngine(onWazero, guest, peers.World{Host: nod}), of: guests.Calls},
			{name: alone(onWasmtime), open: b.onEngine(onWasmtime, guest, peers.World{Host: nod}), of: guests.Calls},
			{name: nameWasmtimeGo, open: b.onWasmtimeGo(guest, peers.World{Host: nod}), of: guests.Calls},
			{name: nameExtism, open: b.onExtism(guests.ExtismHostCalls(), guests.EchoName, timeout, peers.World{Host: nod}), of: guests.Calls},
			{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, peers.Back, nod), of: peers.BackCalls},
		},
	}
	for _, at := range places() {
		c.entries = append(c.entries, entry{name: at.String() + noReset, open: b.ours(at, guest, true), of: guests.Calls})
	}
	_, err := b.compare(ctx, c)
	return err
}
