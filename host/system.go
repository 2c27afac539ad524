package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkhead/abi"
	"bulkhead/host/bundle"
	"bulkhead/host/floor"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
	"bulkhead/host/manifest"
	"bulkhead/runtimes/wasm"
	"bulkhead/runtimes/worker"
)

// A system is everything that a manifest names, verified but not yet loaded.
type system struct {
	*manifest.Manifest
	plugins     []*plugin            // by alias
	signers     map[string]*keys.Key // the device's sign keys, by id
	evidence    *keys.Key
	audit       *keys.AuditKey                // nil: the device has none yet
	workers     map[string]*worker.Executable // those that are no process of this program, by backend
	root        *keys.Root                    // nil: the device has none
	rootMade    bool                          // by this process
	keyIDs      map[string]string             // of all keys that sign, by what they are for: see configured
	auditMade   bool                          // by this process
	development bool                          // one of the keys is a development key
}

// A plugin is one block of the manifest and the bundle that it names.
type plugin struct {
	manifest.Plugin
	bundle *bundle.Bundle
	module bundle.Module // of the bundle's, the one that runs
}

// newPlugin chooses the module by the engine that the operator chose.
func newPlugin(p manifest.Plugin, b *bundle.Bundle) *plugin {
	return &plugin{p, b, b.Module(placed(p).relaxedSIMD())}
}

// ref names the plugin in entries; which module runs is told where there are two.
func (p *plugin) ref() gate.PluginRef {
	ref := gate.PluginRef{Alias: p.Alias, Digest: p.bundle.Digest, Backend: placed(p.Plugin).String()}
	if p.bundle.Relaxed != nil {
		ref.Module, ref.ModuleDigest = p.module.File, p.module.Digest
	}
	return ref
}

// readSystem reads the manifest, the keys, workers and bundles that it names, and holds them against each other. Nothing is
// compiled and nothing is written. All problems of one kind come at once: first those of the manifest, then those of keys,
// then those of bundles and workers, then those between manifest and bundles. The caller closes it.
func readSystem(path string) (*system, error) {
	s, publishers, err := readTrust(path)
	if err != nil {
		return nil, err
	}
	if err := s.readPlugins(publishers); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// readTrust reads what says whom to trust: the manifest and the keys.
func readTrust(path string) (*system, []bundle.Publisher, error) {
	m, err := manifest.Load(path)
	if err != nil {
		return nil, nil, err
	}
	s := &system{Manifest: m, signers: map[string]*keys.Key{}, keyIDs: map[string]string{}}
	publishers, err := s.readKeys()
	return s, publishers, err
}

// readPlugins reads what has to be found trustworthy.
func (s *system) readPlugins(publishers []bundle.Publisher) error {
	if err := errors.Join(s.readBundles(publishers), s.readWorkers()); err != nil {
		return err
	}
	return s.crossCheck()
}

// readKeys reads the publishers' public keys and the device's private ones, and refuses a key that serves twice.
func (s *system) readKeys() ([]bundle.Publisher, error) {
	var errs []error
	var uses []keys.Use
	var publishers []bundle.Publisher
	note := func(where string, i keys.Info) {
		uses = append(uses, keys.Use{Where: where, Public: i.Raw})
		s.development = s.development || i.Development
	}
	for _, p := range s.Publishers {
		var ids []string
		trusted := bundle.Publisher{Name: p.Name, Threshold: p.Threshold, MaySign: p.MaySign, Roles: p.Roles}
		for _, path := range p.Keys {
			k, err := keys.ReadPublic(s.Join(path), keys.Publisher)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			note("publisher "+p.Name, k.Info)
			trusted.Keys = append(trusted.Keys, k.Public)
			ids = append(ids, k.KeyID)
		}
		slices.Sort(ids)
		s.keyIDs["publisher/"+p.Name] = strings.Join(ids, " ")
		publishers = append(publishers, trusted)
	}
	errs = append(errs, s.readDeviceKeys(note))
	if err := errors.Join(errs...); err != nil {
		return nil, usage(err)
	}
	if err := keys.Distinct(uses...); err != nil {
		return nil, usage(err)
	}
	return publishers, nil
}

// readDeviceKeys reads the evidence key, one key for every sign slot, and the root key if there is one.
func (s *system) readDeviceKeys(note func(string, keys.Info)) error {
	var errs []error
	var err error
	if s.evidence, err = keys.ReadPrivate(s.Join(s.Device.KeyFile("evidence")), keys.Evidence); err != nil {
		errs = append(errs, err)
	} else {
		note("evidence", s.evidence.Info)
		s.keyIDs["evidence"] = s.evidence.KeyID
	}
	if err = s.readAudit(); err != nil {
		errs = append(errs, err)
	} else if s.audit != nil {
		note("audit", s.audit.Info)
	}
	for _, p := range s.Plugins {
		for slot, id := range p.Sign {
			k, err := keys.ReadPrivate(s.Join(s.Device.KeyFile(id)), keys.Sign)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			note(fmt.Sprintf("plugin %s, sign slot %s", p.Alias, slot), k.Info)
			s.signers[id] = k
			s.keyIDs["sign/"+id] = k.KeyID
		}
	}
	return errors.Join(append(errs, s.readRoot())...)
}

func (s *system) readBundles(publishers []bundle.Publisher) error {
	var errs []error
	for _, p := range s.Plugins {
		b, err := bundle.Open(s.Join(p.Bundle), publishers, bundle.Want{Is: p.Is, Digest: p.Digest, Role: p.Role})
		if err != nil {
			errs = append(errs, ofPlugin(p.Alias, fmt.Errorf("plugin %s: %w", p.Alias, err)))
			continue
		}
		s.plugins = append(s.plugins, newPlugin(p, b))
	}
	return errors.Join(errs...)
}

func (s *system) plugin(alias string) *plugin {
	for _, p := range s.plugins {
		if p.Alias == alias {
			return p
		}
	}
	return nil
}

// floorSet is what the floor must remember before any of it is loaded.
func (s *system) floorSet() (floor.Set, error) {
	set := floor.Set{Serial: s.Serial}
	for _, p := range s.plugins {
		d := p.bundle.Descriptor
		tools, err := json.Marshal(d.Tools)
		if err != nil {
			return floor.Set{}, fmt.Errorf("encoding the tools of %s: %w", d.Name, err)
		}
		digest := sha256.Sum256(tools)
		set.Plugins = append(set.Plugins, floor.Plugin{
			Name: d.Name, Version: d.Version, Epoch: uint64(d.SecurityEpoch), Digest: p.bundle.Digest,
			Tools: hex.EncodeToString(digest[:]), Requests: requests(&d),
		})
	}
	return set, nil
}

// requests names everything that a descriptor asks for.
func requests(d *bundle.Descriptor) []string {
	out := append([]string{}, d.Capabilities...)
	for _, k := range d.Keys {
		out = append(out, "sign:"+k)
	}
	for _, m := range d.Models {
		out = append(out, "infer:"+m)
	}
	if d.WASI {
		out = append(out, "wasi")
	}
	if d.Stateful {
		out = append(out, "stateful")
	}
	return out
}

// crossCheck holds the manifest against what the bundles ask for.
func (s *system) crossCheck() error {
	asked := map[string]manifest.Asked{}
	for _, p := range s.plugins {
		outline, err := wasm.ReadHead(p.module.Wasm) // loading reads the rest
		if err != nil {
			return ofPlugin(p.Alias, refused(fmt.Errorf("plugin %s: reading its module: %w", p.Alias, err), ""))
		}
		a := manifest.Asked{Capabilities: p.bundle.Descriptor.Grants(), Imports: outline.Capabilities(), Keys: p.bundle.Descriptor.Keys, Models: p.bundle.Descriptor.Models, Stateful: p.bundle.Descriptor.Stateful}
		for _, t := range p.bundle.Descriptor.Tools {
			a.Tools = append(a.Tools, t.Name)
		}
		for _, e := range outline.Exports {
			a.Configure = a.Configure || e.Name == abi.ExportConfigure
		}
		asked[p.Alias] = a
	}
	return s.CheckBundles(asked)
}
