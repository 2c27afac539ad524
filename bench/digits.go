package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/bench/models"
	"bulkhead/bench/native"
	"bulkhead/bench/peers"
)

// How far answers may be off: orders of summation differ in f32; the weights of the plugin are rounded to int8.
const (
	sameFloat = 1e-5
	sameInt   = 0.02
)

// A picture is a held-out seven, as the plugin's self-test has it.
func (b *bench) picture() ([]byte, error) {
	return os.ReadFile(filepath.Join(b.root, "plugins/digits/testdata/seven.f32"))
}

// digits compares the same network, many ways: in f32, where all answers agree, and as the plugin, in int8.
func (b *bench) digits(ctx context.Context) error {
	d, err := models.ReadDigits(b.root)
	if err != nil {
		return err
	}
	picture, err := b.picture()
	if err != nil {
		return err
	}
	want, err := d.Predict(nil, picture)
	if err != nil {
		return err
	}
	near := func(by float64) func([]byte) error {
		return func(answer []byte) error { return models.Near(answer, want, by) }
	}
	if err := b.digitsInFloat(ctx, d, picture, near(sameFloat)); err != nil {
		return err
	}
	return b.digitsInInt(ctx, d, picture, near(sameInt))
}

// withNative adds those who run the network as native code.
func (b *bench) withNative(d *models.Digits, all []entry) []entry {
	model, in, out := d.ONNX()
	return append([]entry{
		{name: nameNative, open: onNative(native.Digits(d.Bytes()))},
		{name: nameONNX, open: b.onONNX(model, in, out)},
		{name: nameGo, open: opened(func(_ context.Context, dst, picture []byte) ([]byte, error) { return d.Predict(dst, picture) })},
		{name: nameGRPC, open: b.onGoPlugin(peers.GRPC, serviceDigits, nil)},
	}, all...)
}

func (b *bench) digitsInFloat(ctx context.Context, d *models.Digits, picture []byte, check func([]byte) error) error {
	w, err := b.digitsFloat()
	if err != nil {
		return err
	}
	entries := b.withNative(d, b.everywhere(w, clean, noReset))
	stock, err := b.buildGuest(ctx, "bench", "./guests/godigits")
	if err != nil {
		return err
	}
	for _, at := range places() {
		p := b.program(stock)
		p.Assets = [][]byte{w.asset}
		entries = append(entries, entry{name: goGuestName + at.String() + clean, open: b.loaded(at, p)})
	}
	t, err := b.compare(ctx, comparison{
		name: "digits-f32", title: "The digits network in f32", base: nameNative, request: picture, check: check,
		notes:   "784-256-128-10 with softmax, one picture of a held-out digit. Every answer was compared with Go's before it counted: within " + fmt.Sprint(sameFloat) + ". go-plugin's process runs Go without vectors.",
		entries: entries,
	})
	if err != nil {
		return err
	}
	b.aimRatio(t, "f32 MLP over gcc -O3 -march=native, wasmtime", 1.7, place{engine: onWasmtime}.String()+noReset, nameNative)
	b.aimRatio(t, "f32 MLP over gcc -O3 -march=native, wazero", 3.5, place{engine: onWazero}.String()+noReset, nameNative)
	return nil
}

func (b *bench) digitsInInt(ctx context.Context, d *models.Digits, picture []byte, check func([]byte) error) error {
	w, err := b.digitsInt()
	if err != nil {
		return err
	}
	entries := b.withNative(d, b.everywhere(w, clean))
	for i := range entries[:4] {
		entries[i].name += ", f32"
	}
	model, in, out, err := models.DigitsIntONNX(w.asset)
	if err != nil {
		return err
	}
	entries = append(entries, entry{name: nameNative, open: onNative(native.DigitsInt(w.asset))}, entry{name: nameONNX, open: b.onONNX(model, in, out)})
	t, err := b.compare(ctx, comparison{
		name: "digits-int8", title: "plugins/digits, in int8", base: nameONNX + ", f32", request: picture, check: check,
		notes: fmt.Sprintf("The plugin as it ships, against the same network in f32 by those who run native code; answers agree within %v. "+
			"Through infer, a tool plugin asks for the model as it would in a host: capability, quota and log included.", sameInt),
		entries: append(entries, b.inferring(w)...),
	})
	if err != nil {
		return err
	}
	for _, at := range places() {
		b.aimRatio(t, "digits int8 through infer over onnxruntime's f32, "+at.String(), 1, inferName(at), nameONNX+", f32")
	}
	return nil
}
