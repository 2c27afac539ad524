package main

import (
	"context"
	"encoding/json"

	"bulkhead/host/gate"
	"bulkhead/host/manifest"
)

// A loadDetail is the detail of plugin.load: who signed what, and what it is held to.
type loadDetail struct {
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Role      string   `json:"role"`
	Publisher string   `json:"publisher"`
	Signers   []string `json:"signers"` // key ids
	Backend   string   `json:"backend"`
	Isolation string   `json:"isolation"`
	Memory    string   `json:"memory"`
	Timeout   string   `json:"timeout"`
	Fuel      string   `json:"fuel"`
	Instances int      `json:"instances"`
	Stateful  bool     `json:"stateful,omitempty"`
	Granted   []string `json:"granted"`
}

// recordLoad records that a plugin is loaded and has passed its self-tests.
func (s *system) recordLoad(ctx context.Context, log gate.Log, p *plugin) error {
	d := p.bundle.Descriptor
	detail, err := json.Marshal(loadDetail{
		Name: d.Name, Version: d.Version, Role: string(d.Role), Publisher: p.bundle.Publisher, Signers: p.bundle.Signers,
		Backend: p.Backend, Isolation: string(p.Isolation), Memory: manifest.FormatMemory(p.Memory), Timeout: manifest.FormatTimeout(p.Timeout),
		Fuel: manifest.FormatFuel(p.Fuel), Instances: p.Instances, Stateful: p.Stateful, Granted: granted(p),
	})
	if err != nil {
		return err
	}
	e := s.hostEntry(gate.PluginLoad, p.Alias, "")
	e.Plugins, e.Detail = []gate.PluginRef{p.ref()}, detail
	_, err = log.Append(ctx, e)
	return err
}
