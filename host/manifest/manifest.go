// Package manifest reads what the operator wants run: host.toml, and device.toml beside it.
//
// All problems come at once, each with its key and line. What is returned without an error has been checked whole; what
// only a bundle can tell, CheckBundles checks later.
package manifest

import (
	"encoding/json"
	"path"
	"path/filepath"
	"strings"
	"time"

	"bulkhead/abi"
)

// A Manifest is a host.toml and its device.toml. Paths in it are as written: relative to Dir, inside it, without links; that
// of a worker may be absolute.
type Manifest struct {
	Path       string // of host.toml, absolute
	Digest     string // of the bytes of host.toml, SHA-256 in hex
	Dir        string // its folder, absolute
	Serial     int64  // from 1, below 2^53
	State      string // the state folder, which may not exist yet
	Pipeline   Pipeline
	Listen     Listen
	Sandbox    []string    // layers that workers must have, beside those that all have
	Audit      Audit       // what the log records
	Workers    []Worker    // by backend
	Publishers []Publisher // by name
	Plugins    []Plugin    // by alias
	Device     Device

	outline *outline // for the lines of problems found later; may be nil
}

// A Pipeline names plugins by alias: one that authenticates, and at least one policy, all of which must allow.
type Pipeline struct {
	Auth   string
	Policy []string
}

// Listen is where the host hears.
type Listen struct {
	HTTP     string   // loopback IP address and port, port 0 for any; "": no HTTP
	Origins  []string // exact origins beside the host's own
	Audience string   // what tokens must be meant for
}

// A Worker is the program that runs the plugins of one backend with isolation = "process", where that is not the host's own.
type Worker struct {
	Backend string // "wasmtime"
	Path    string
	Digest  string // what that of the file MUST be, "sha256:" and hex
}

// A Publisher is a signer that the operator trusts, so far as said here.
type Publisher struct {
	Name      string
	Keys      []string   // paths of public keys
	Threshold int        // from 1 to len(Keys); MUST be met by as many distinct keys
	MaySign   []string   // "publisher/name" or "publisher/*"
	Roles     []abi.Role // that its plugins may have
}

// A Plugin is one block of the manifest.
type Plugin struct {
	Alias   string
	Bundle  string // path of the bundle folder
	Is      string // what the signed name, or NAME@VERSION, must be
	Name    string // the name in Is
	Digest  string // what the bundle's digest must be, "sha256:" and hex; "": any
	Role    abi.Role
	Backend string // "wazero" or "wasmtime"
	Prefix  string // of its tools' MCP names
	Grants  abi.Grants
	Sign    map[string]string // slot to key id
	Infer   map[string]string // slot to the alias of a model plugin
	Config  json.RawMessage   // an object in the form of RFC 8785; nil: the plugin has no config

	Isolation Isolation
	Memory    uint64        // bytes of one instance
	Timeout   time.Duration // of one call
	Fuel      uint64        // units of one call
	Instances int           // calls at work at once
	Stateful  bool          // granted: calls share one instance, which keeps its memory
}

// Device is device.toml.
type Device struct {
	Digest    string // of the bytes of device.toml, SHA-256 in hex
	Name      string
	Zone      string
	Keys      string // "file"
	KeyFolder string // path; the key with id ID is the file ID.key in it
}

// Defaults of optional keys.
const (
	DefaultAudience = "bulkhead"
	DefaultBackend  = "wazero"
)

// DeviceFile is the name of the file beside host.toml.
const DeviceFile = "device.toml"

// Join returns the absolute path of one of m's paths.
func (m *Manifest) Join(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(m.Dir, name)
}

// Plugin returns the plugin with this alias.
func (m *Manifest) Plugin(alias string) (Plugin, bool) {
	for _, p := range m.Plugins {
		if p.Alias == alias {
			return p, true
		}
	}
	return Plugin{}, false
}

// Publisher returns the publisher that may sign for a plugin of this name. No name has two.
func (m *Manifest) Publisher(name string) (Publisher, bool) {
	for _, p := range m.Publishers {
		if p.signs(name) {
			return p, true
		}
	}
	return Publisher{}, false
}

// ToolName is the MCP name of a tool of p.
func (p Plugin) ToolName(tool string) string { return p.Prefix + tool }

// KeyFile is the path, below the manifest's folder, of the device's key with this id.
func (d Device) KeyFile(id string) string { return path.Join(d.KeyFolder, id+".key") }

func (p Publisher) signs(name string) bool {
	for _, pattern := range p.MaySign {
		if covers(pattern, name) {
			return true
		}
	}
	return false
}

// covers reports whether every name that b stands for is one that a stands for. b may be a plain name.
func covers(a, b string) bool {
	publisher, all := strings.CutSuffix(a, "/*")
	return a == b || all && strings.HasPrefix(b, publisher+"/")
}
