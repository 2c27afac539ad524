package sdktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// A Plugin is the plugin under test. Its methods put a request to it as the host would and hold the answer against
// abi/SPEC.md: one that the host would refuse fails the test. The errors they return are the plugin's own (*Error).
type Plugin struct {
	Host *Host // what the plugin did, and what to let fail

	t          testing.TB
	machine    Machine
	configured bool
}

// New returns the plugin that m runs, with a fresh Host. Tests of plugins call Run.
func New(t testing.TB, c Config, m Machine) *Plugin {
	return &Plugin{Host: newHost(t, c), t: t, machine: m}
}

// Configure configures the plugin, anew if it was configured before. config is JSON as []byte, json.RawMessage or
// string, or a value that encodes to a JSON object; nil is {}, what the host gives where the manifest has no config.
// Without Configure the first request does it, with nil.
func (p *Plugin) Configure(config any) error {
	p.t.Helper()
	p.configured = true
	p.Host.load(true)
	defer p.Host.load(false)
	return p.plugin(p.machine.Configure(p.Host, p.encode(config)))
}

// Auth puts a request to an auth plugin.
func (p *Plugin) Auth(q abi.AuthRequest) (abi.AuthAnswer, error) {
	p.t.Helper()
	var a abi.AuthAnswer
	err := p.ask(q, &a, func() error { return a.Check() })
	return a, err
}

// Policy puts a request to a policy plugin. An empty phase is abi.PhaseBefore.
func (p *Plugin) Policy(q abi.PolicyRequest) (abi.PolicyAnswer, error) {
	p.t.Helper()
	if q.Phase == "" {
		q.Phase = abi.PhaseBefore
	}
	var a abi.PolicyAnswer
	err := p.ask(q, &a, func() error { return a.Check(q.Phase) })
	return a, err
}

// Tool puts a request to a tool plugin. Without arguments they are {}.
func (p *Plugin) Tool(q abi.ToolRequest) (abi.ToolAnswer, error) {
	p.t.Helper()
	if q.Arguments == nil {
		q.Arguments = json.RawMessage("{}")
	}
	var a abi.ToolAnswer
	err := p.ask(q, &a, func() error { return a.Check() })
	return a, err
}

// Model puts input tensors to a model plugin and returns its output tensors.
func (p *Plugin) Model(in []byte) ([]byte, error) {
	p.t.Helper()
	return p.Raw(in)
}

// Raw puts any bytes to the plugin and returns a copy of its answer, unchecked: for requests that no host would make.
func (p *Plugin) Raw(request []byte) ([]byte, error) {
	p.t.Helper()
	if !p.configured {
		if err := p.Configure(nil); err != nil {
			p.t.Fatalf("configuring the plugin: %v", err)
		}
	}
	answer, err := p.machine.Handle(p.Host, bytes.Clone(request))
	return bytes.Clone(answer), p.plugin(err)
}

func (p *Plugin) ask(q, a any, check func() error) error {
	p.t.Helper()
	request, err := json.Marshal(q)
	if err != nil {
		p.t.Fatalf("encoding the request: %v", err)
	}
	answer, err := p.Raw(request)
	if err != nil {
		return err
	}
	if err := sdk.Decode(answer, a); err != nil {
		p.t.Fatalf("the host would refuse this answer: %v\n%s", err, answer)
	}
	if err := check(); err != nil {
		p.t.Fatalf("the host would refuse this answer: %v\n%s", err, answer)
	}
	return nil
}

// plugin lets the plugin's own error through and fails the test on any other.
func (p *Plugin) plugin(err error) error {
	p.t.Helper()
	var theirs *Error
	if err != nil && !errors.As(err, &theirs) {
		p.t.Fatalf("running the plugin: %v", err)
	}
	return err
}

func (p *Plugin) encode(config any) []byte {
	p.t.Helper()
	switch c := config.(type) {
	case nil:
		return []byte("{}")
	case []byte:
		return bytes.Clone(c)
	case json.RawMessage:
		return bytes.Clone(c)
	case string:
		return []byte(c)
	}
	data, err := json.Marshal(config)
	if err != nil {
		p.t.Fatalf("encoding the config: %v", err)
	}
	return data
}
