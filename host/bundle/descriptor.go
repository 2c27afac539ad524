package bundle

import (
	"encoding/json"

	"bulkhead/abi"
)

// A Descriptor is what a plugin's author says about it, and signs. Its JSON form is the in-toto predicate
// urn:bulkhead:plugin:v1; authors write it as plugin.toml.
type Descriptor struct {
	Name          string         `json:"name"`
	Version       string         `json:"version"`
	ABI           int            `json:"abi"`
	Role          abi.Role       `json:"role"`
	WASI          bool           `json:"wasi"`
	SecurityEpoch int            `json:"security_epoch"`
	Capabilities  []string       `json:"capabilities"`
	Keys          []string       `json:"keys,omitempty"`        // by key slot
	Models        []string       `json:"models,omitempty"`      // by model slot
	Assets        []string       `json:"assets,omitempty"`      // files of the bundle, by read slot
	Phase         []abi.Phase    `json:"phase,omitempty"`       // policies only
	Stateful      bool           `json:"stateful,omitempty"`    // calls share one instance; tools and models only
	RelaxedSIMD   bool           `json:"relaxed_simd,omitzero"` // the bundle has a second module, for backends with relaxed SIMD
	Tools         []Tool         `json:"tools,omitempty"`       // tools only
	Inputs        []abi.Tensor   `json:"inputs,omitempty"`      // models only
	Outputs       []abi.Tensor   `json:"outputs,omitempty"`     // models only
	Batch         int            `json:"batch,omitzero"`        // models only: most examples of one request; 0 means 1
	SelfTests     []SelfTestSpec `json:"selftests,omitempty"`   // run at load
}

// A Tool is one MCP tool of a tool plugin. The schemas are passed to clients byte for byte.
type Tool struct {
	Name         string          `json:"name"`
	Title        string          `json:"title,omitempty"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"input_schema"`
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`
	Annotations  *Annotations    `json:"annotations,omitempty"`
}

// Annotations are MCP's hints about a tool. They are the author's word; policies decide.
type Annotations struct {
	ReadOnly    bool  `json:"read_only,omitempty"`
	Idempotent  bool  `json:"idempotent,omitempty"`
	Destructive *bool `json:"destructive,omitempty"` // MCP's default is true
	OpenWorld   *bool `json:"open_world,omitempty"`  // MCP's default is true
}

// A SelfTestSpec names the files of a self-test. Tools have Tool, Arguments and Expect, auth and policy plugins Request
// and Expect, models Input and Output. Without an expected answer the plugin must merely answer.
type SelfTestSpec struct {
	Tool      string  `json:"tool,omitempty"`
	Arguments string  `json:"arguments,omitempty"`
	Request   string  `json:"request,omitempty"`
	Expect    string  `json:"expect,omitempty"`
	Input     string  `json:"input,omitempty"`
	Output    string  `json:"output,omitempty"`
	Tolerance float64 `json:"tolerance,omitempty"` // models: largest difference of two f32 or f64 elements
}

// question and answer are the two files, "" if not named.
func (s SelfTestSpec) question() string { return s.Arguments + s.Request + s.Input }
func (s SelfTestSpec) answer() string   { return s.Expect + s.Output }

// Grants returns the capabilities that the descriptor asks for.
func (d *Descriptor) Grants() abi.Grants {
	var caps []abi.Capability
	for _, name := range d.Capabilities {
		if c, ok := abi.ParseCapability(name); ok {
			caps = append(caps, c)
		}
	}
	return abi.GrantsOf(caps...)
}

// After reports whether a policy is asked again with the result.
func (d *Descriptor) After() bool { return len(d.Phase) == 2 }

// Sizes returns the bytes of one example of a model: all its inputs, all its outputs.
func (d *Descriptor) Sizes() (input, output int) { return size(d.Inputs), size(d.Outputs) }

// Examples returns how many examples one request to a model may hold.
func (d *Descriptor) Examples() int { return max(d.Batch, 1) }

func size(tensors []abi.Tensor) int {
	total := 0
	for _, t := range tensors {
		n, _ := t.Bytes() // the descriptor was validated
		total += n
	}
	return total
}

// Files returns the bundle's files beside the envelope, without duplicates: modules, assets, files of self-tests.
func (d *Descriptor) Files() []string {
	seen := map[string]bool{"": true}
	var out []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	add(WasmFile)
	if d.RelaxedSIMD {
		add(RelaxedFile)
	}
	for _, name := range d.Assets {
		add(name)
	}
	for _, s := range d.SelfTests {
		add(s.question())
		add(s.answer())
	}
	return out
}
