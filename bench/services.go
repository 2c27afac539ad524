package main

import (
	"context"
	"fmt"

	"bulkhead/bench/guests"
	"bulkhead/bench/models"
	"bulkhead/bench/peers"
)

// What our plugin of go-plugin offers, by name.
const (
	serviceEcho   = "Echo"
	serviceDigits = "Digits"
	serviceSpin   = "Spin" // with the name of an endless guest
)

func services(root string) peers.Service {
	s := peers.Service{
		serviceEcho: func(_ context.Context, request []byte) ([]byte, error) { return request, nil },
		serviceSpin: func(_ context.Context, guest []byte) ([]byte, error) { return nil, spin(string(guest)) },
	}
	if d, err := models.ReadDigits(root); err == nil {
		s[serviceDigits] = func(_ context.Context, picture []byte) ([]byte, error) { return d.Predict(nil, picture) }
	}
	return s
}

// spin is in native Go what the endless guests do. Nobody can end it but with its process.
func spin(kind string) error {
	switch kind {
	case "loop":
		for x := uint64(1); x != 0; { // xorshift never comes to zero
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
	case "call tree without loops":
		tree(60)
	case "bulk memory without loops":
		for block := make([]byte, 64<<20); ; clear(block) {
		}
	case guests.Hosted:
		select {}
	}
	return fmt.Errorf("nothing endless is called %q", kind)
}

func tree(depth int) {
	if depth > 0 {
		tree(depth - 1)
		tree(depth - 1)
	}
}
