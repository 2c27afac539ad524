package gateway

import (
	"context"
	"errors"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

var errRefused = errors.New("secret detail")

func invoke(a *abi.ToolAnswer, err error) func(context.Context, abi.ToolRequest) (*abi.ToolAnswer, error) {
	return func(context.Context, abi.ToolRequest) (*abi.ToolAnswer, error) { return a, err }
}

func newCall(token string) *gate.Call {
	return &gate.Call{Transport: "http", Action: "ping", Credential: &abi.Credential{Scheme: "bearer", Value: token}}
}
