package main

import (
	"context"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/gate"
	"bulkhead/host/gateway"
)

// newGate puts the pipeline's plugins into a gate.
func newGate(l *loader, clock gate.Clock) (*gate.Gate, error) {
	s := l.system
	c := gate.Config{
		Auth: l.gatePlugin(s.Pipeline.Auth), Log: l.log, Audience: s.Listen.Audience, Development: s.development,
		Device: abi.Device{Name: s.Device.Name, Zone: s.Device.Zone}, Clock: clock,
	}
	for _, alias := range s.Pipeline.Policy {
		c.Policies = append(c.Policies, l.gatePlugin(alias))
	}
	return gate.New(c)
}

func (l *loader) gatePlugin(alias string) *gate.Plugin {
	p := l.system.plugin(alias)
	return &gate.Plugin{Module: l.modules[alias], Plugin: p.ref(), AfterOn: p.bundle.Descriptor.After()}
}

// tools lists every tool of every tool plugin under its MCP name.
func (l *loader) tools() []gateway.Tool {
	var out []gateway.Tool
	for _, p := range l.system.plugins {
		if p.Role != abi.RoleTool {
			continue
		}
		for i, t := range p.bundle.Descriptor.Tools {
			out = append(out, l.tool(p, i, t.Name))
		}
	}
	return out
}

func (l *loader) tool(p *plugin, i int, name string) gateway.Tool {
	d, schemas, runner := p.bundle.Descriptor.Tools[i], p.bundle.Schemas[i], l.gatePlugin(p.Alias)
	t := gateway.Tool{
		Name: p.ToolName(name), Title: d.Title, Description: d.Description, InputSchema: d.InputSchema, OutputSchema: d.OutputSchema,
		Annotations: annotations(d.Annotations), Plugin: p.Name, Ref: p.ref(),
		Check: func(arguments json.RawMessage) error { return schemas.Input.Validate(arguments) },
		Invoke: func(ctx context.Context, q abi.ToolRequest) (*abi.ToolAnswer, error) {
			q.Tool = name
			return runner.Run(ctx, q)
		},
	}
	if schemas.Output != nil {
		t.CheckOutput = func(structured json.RawMessage) error { return schemas.Output.Validate(structured) }
	}
	return t
}

// annotations says in MCP's words what the descriptor says of a tool.
func annotations(a *bundle.Annotations) *mcp.ToolAnnotations {
	if a == nil {
		return nil
	}
	return &mcp.ToolAnnotations{ReadOnlyHint: a.ReadOnly, IdempotentHint: a.Idempotent, DestructiveHint: a.Destructive, OpenWorldHint: a.OpenWorld}
}
