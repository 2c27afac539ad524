package main

import (
	"context"

	"bulkhead/bench/models"
	"bulkhead/bench/peers"
)

// loadedDigits are contenders with the digits network, for calls that arrive at a fixed rate.
func (b *bench) loadedDigits(ctx context.Context) ([]loaded, error) {
	d, err := models.ReadDigits(b.root)
	if err != nil {
		return nil, err
	}
	picture, err := b.picture()
	if err != nil {
		return nil, err
	}
	w, err := b.digitsInt()
	if err != nil {
		return nil, err
	}
	all := []loaded{{name: "nothing: the arrivals alone", callers: []func() error{nothing, nothing}}}
	for _, e := range b.withNative(d, b.everywhere(w, clean)) {
		if e.name == nameGo || e.name == nameInterpreter || e.name == alone(onWazero) || e.name == alone(onWasmtime) {
			continue
		}
		x := loaded{name: e.name}
		for range servers { // one each; ours would serve both from one
			call, err := e.open(ctx)
			if err != nil {
				return nil, err
			}
			x.callers = append(x.callers, asking(ctx, call, picture))
		}
		all = append(all, x)
	}
	return all, nil
}

func nothing() error { return nil }

func asking(ctx context.Context, call peers.Caller, request []byte) func() error {
	room := make([]byte, 0, 4096)
	return func() error {
		_, err := call(ctx, room, request)
		return err
	}
}
