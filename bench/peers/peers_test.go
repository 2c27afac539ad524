package peers_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"bulkhead/bench/guests"
	"bulkhead/bench/peers"
	"bulkhead/runtimes/wazero"
)

const variable = "BULKHEAD_BENCH_PEER"

// TestMain makes this test's executable a plugin of go-plugin.
func TestMain(m *testing.M) {
	if protocol := os.Getenv(variable); protocol != "" {
		peers.ServePlugin(protocol, peers.Service{"Echo": func(_ context.Context, request []byte) ([]byte, error) { return request, nil }})
		return
	}
	os.Exit(m.Run())
}

// A keeper closes at the test's end.
type keeper struct{ *testing.T }

func (k keeper) Closing(f func()) { k.Cleanup(f) }

// Every peer answers what it was asked.
func TestEchoes(t *testing.T) {
	ctx, k, guest := t.Context(), keeper{t}, guests.Echo(1)
	plain := func() (peers.Caller, error) {
		p, err := peers.NewPlain(ctx, k, guest, peers.Compiler(), peers.World{})
		if err != nil {
			return nil, err
		}
		return p.Call, nil
	}
	plugin := func(protocol string) func() (peers.Caller, error) {
		return func() (peers.Caller, error) {
			g, err := peers.StartGoPlugin(protocol, variable, nil)
			if err != nil {
				return nil, err
			}
			k.Closing(g.Close)
			return g.Caller("Echo"), nil
		}
	}
	raw := func(reset bool) func() (peers.Caller, error) {
		return func() (peers.Caller, error) {
			r, err := peers.NewRaw(ctx, k, wazero.New(), guest, peers.World{})
			if err != nil || reset {
				return r.Reset, err
			}
			return r.Call, nil
		}
	}
	for name, open := range map[string]func() (peers.Caller, error){
		"wazero alone":  plain,
		"wazero, fresh": func() (peers.Caller, error) { return peers.Fresh(ctx, k, guest, peers.Interpreter()) },
		"raw":           raw(false),
		"raw, reset":    raw(true),
		"Extism": func() (peers.Caller, error) {
			return peers.OneExtism(ctx, k, guests.ExtismEcho(), guests.EchoName, time.Second, peers.World{})
		},
		"Extism, fresh": func() (peers.Caller, error) {
			return peers.FreshExtism(ctx, k, guests.ExtismEcho(), guests.EchoName, time.Second)
		},
		"go-plugin, net/rpc": plugin(peers.NetRPC),
		"go-plugin, gRPC":    plugin(peers.GRPC),
	} {
		c, err := open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for range 2 {
			request := bytes.Repeat([]byte("word"), 16)
			if got, err := c(ctx, nil, request); err != nil || !bytes.Equal(got, request) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
}

// A guest reaches its host, so often, wherever it runs; what the host refuses the guest survives.
func TestHostCalls(t *testing.T) {
	ctx, k, calls := t.Context(), keeper{t}, 0
	w := peers.World{Host: func([]byte) error {
		if calls++; calls%2 == 0 {
			return errors.New("no")
		}
		return nil
	}}
	for name, open := range map[string]func() (peers.Caller, error){
		"wazero alone": func() (peers.Caller, error) {
			p, err := peers.NewPlain(ctx, k, guests.HostCalls(), peers.Compiler(), w)
			return p.Call, err
		},
		"raw": func() (peers.Caller, error) {
			r, err := peers.NewRaw(ctx, k, wazero.New(), guests.HostCalls(), w)
			return r.Call, err
		},
		"Extism": func() (peers.Caller, error) {
			return peers.OneExtism(ctx, k, guests.ExtismHostCalls(), guests.EchoName, 0, w)
		},
	} {
		c, err := open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		calls = 0
		if _, err := c(ctx, nil, nil); err != nil || calls != guests.Calls {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
}

// What go-plugin's process does after its caller has given up is seen from outside.
func TestUnknownService(t *testing.T) {
	g, err := peers.StartGoPlugin(peers.GRPC, variable, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := g.Caller("Nothing")(t.Context(), nil, nil); err == nil {
		t.Error("an answer from nobody")
	}
	if g.Busy() {
		t.Error("an idle process is busy")
	}
}
