package worker

import (
	"context"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// plain is a backend without an engine: its module echoes, or has its request signed first if Wasm says "sign". It shows
// what the way to a worker costs.
type plain struct{}

func (plain) Load(_ context.Context, p runtimes.Program) (runtimes.Module, error) {
	if string(p.Wasm) == "slow" {
		time.Sleep(time.Hour)
	}
	return plainModule{p.Host, string(p.Wasm) == "sign"}, nil
}

func (plain) Close(context.Context) error { return nil }

// spinning is a backend whose module computes for ever.
type spinning struct{}

func (spinning) Load(context.Context, runtimes.Program) (runtimes.Module, error) {
	return spinningModule{}, nil
}
func (spinning) Close(context.Context) error { return nil }

type spinningModule struct{}

func (spinningModule) Call(context.Context, []byte, []byte) ([]byte, error) {
	for n := 1; ; n = n*3 + 1 {
		if n == 0 {
			return nil, nil
		}
	}
}
func (spinningModule) Close(context.Context) error { return nil }

type plainModule struct {
	host runtimes.Host
	sign bool
}

func (m plainModule) Call(ctx context.Context, dst, request []byte) ([]byte, error) {
	if m.sign {
		return m.host.Capability(ctx, abi.Sign, 0, dst, request)
	}
	return append(dst, request...), nil
}

func (plainModule) Close(context.Context) error { return nil }
