package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"bulkhead/abi"
)

// A source is what plugin.toml says: the descriptor, and where the module and the schemas come from.
type source struct {
	descriptor Descriptor
	wasm       string       // a prebuilt module; "": compile the folder's Go package
	relaxed    string       // its variant with relaxed SIMD; "": there is none
	schemas    []schemaFile // by position in descriptor.Tools
}

type schemaFile struct{ input, output string }

// parseSource reads plugin.toml and returns every problem of its form: unknown keys, wrong case, wrong types.
func parseSource(text string) (*source, []string) {
	var m map[string]any
	if _, err := toml.Decode(text, &m); err != nil {
		return nil, []string{err.Error()}
	}
	var problems []string
	t := &table{values: m, problems: &problems}
	s := &source{wasm: t.text("wasm"), relaxed: t.text("wasm_relaxed")}
	d := &s.descriptor
	d.Name = t.text("name")
	d.Version = t.text("version")
	d.ABI = t.integer("abi")
	d.Role = abi.Role(t.text("role"))
	d.WASI = t.boolean("wasi")
	d.SecurityEpoch = t.integer("security_epoch")
	d.Capabilities = t.texts("capabilities")
	d.Keys = t.texts("keys")
	d.Models = t.texts("models")
	d.Assets = t.texts("assets")
	d.Stateful = t.boolean("stateful")
	d.RelaxedSIMD = t.boolean("relaxed_simd")
	s.variants(t)
	if d.Batch = t.integer("batch"); t.has("batch") && d.Batch < 1 {
		t.problemf("batch", "is %d, want 1 to %d", d.Batch, abi.MaxBatch)
	}
	for _, p := range t.texts("phase") {
		d.Phase = append(d.Phase, abi.Phase(p))
	}
	if d.Role == abi.RolePolicy && !t.has("phase") {
		d.Phase = []abi.Phase{abi.PhaseBefore}
	}
	for _, tool := range t.tables("tool") {
		s.tool(tool)
	}
	for _, test := range t.tables("selftest") {
		d.SelfTests = append(d.SelfTests, test.selfTest())
	}
	for _, in := range t.tables("input") {
		d.Inputs = append(d.Inputs, in.tensor())
	}
	for _, out := range t.tables("output") {
		d.Outputs = append(d.Outputs, out.tensor())
	}
	t.rest()
	return s, problems
}

// variants refuses half of a pair: Go makes no relaxed SIMD, so that both modules are prebuilt or there is only one.
func (s *source) variants(t *table) {
	switch {
	case s.descriptor.RelaxedSIMD != (s.relaxed != ""):
		t.problemf("relaxed_simd", "relaxed_simd = true and wasm_relaxed = \"FILE\" belong together")
	case s.relaxed != "" && s.wasm == "":
		t.problemf("wasm_relaxed", "the module without relaxed SIMD is prebuilt too: name it as wasm = \"FILE\"")
	}
}

func (s *source) tool(t *table) {
	tool := Tool{Name: t.text("name"), Title: t.text("title"), Description: t.text("description")}
	files := schemaFile{t.text("input_schema"), t.text("output_schema")}
	if a := t.table("annotations"); a != nil {
		tool.Annotations = &Annotations{
			ReadOnly: a.boolean("read_only"), Idempotent: a.boolean("idempotent"),
			Destructive: a.optional("destructive"), OpenWorld: a.optional("open_world"),
		}
		a.rest()
	}
	t.rest()
	s.descriptor.Tools = append(s.descriptor.Tools, tool)
	s.schemas = append(s.schemas, files)
}

func (t *table) selfTest() SelfTestSpec {
	defer t.rest()
	return SelfTestSpec{
		Tool: t.text("tool"), Arguments: t.text("arguments"), Request: t.text("request"), Expect: t.text("expect"),
		Input: t.text("input"), Output: t.text("output"), Tolerance: t.float("tolerance"),
	}
}

func (t *table) tensor() abi.Tensor {
	defer t.rest()
	out := abi.Tensor{Name: t.text("name"), Type: t.text("type")}
	for i, v := range t.list("shape") {
		n, ok := v.(int64)
		if !ok || n < 1 || n > abi.MaxTensor {
			t.problemf("shape", "entry %d is %v, want a whole number from 1 to %d", i+1, v, abi.MaxTensor)
		}
		out.Shape = append(out.Shape, int(n))
	}
	return out
}

// A table hands out the values of a TOML table and remembers which keys were asked for. Missing keys give zero values:
// what is required is Descriptor.Validate's affair.
type table struct {
	at       string
	values   map[string]any
	asked    []string
	problems *[]string
}

func (t *table) problemf(key, format string, args ...any) {
	*t.problems = append(*t.problems, t.at+key+": "+fmt.Sprintf(format, args...))
}

func (t *table) has(key string) bool { _, ok := t.values[key]; return ok }

// get returns the zero T for a missing key and for one of another type, which is a problem.
func get[T any](t *table, key, want string) T {
	t.asked = append(t.asked, key)
	v, ok := t.values[key].(T)
	if !ok && t.has(key) {
		t.problemf(key, "want %s", want)
	}
	return v
}

func (t *table) text(key string) string  { return get[string](t, key, "a string") }
func (t *table) boolean(key string) bool { return get[bool](t, key, "true or false") }
func (t *table) list(key string) []any   { return get[[]any](t, key, "an array") }

func (t *table) optional(key string) *bool {
	v := t.boolean(key)
	if !t.has(key) {
		return nil
	}
	return &v
}

func (t *table) integer(key string) int {
	n := get[int64](t, key, "a whole number")
	if int64(int32(n)) != n {
		t.problemf(key, "%d is out of range", n)
	}
	return int(n)
}

func (t *table) float(key string) float64 {
	if n, ok := t.values[key].(int64); ok {
		t.asked = append(t.asked, key)
		return float64(n)
	}
	return get[float64](t, key, "a number")
}

func (t *table) texts(key string) []string {
	var out []string
	for i, v := range t.list(key) {
		s, ok := v.(string)
		if !ok {
			t.problemf(key, "entry %d: want a string", i+1)
		}
		out = append(out, s)
	}
	return out
}

func (t *table) table(key string) *table {
	m := get[map[string]any](t, key, "a table")
	if m == nil {
		return nil
	}
	return &table{at: t.at + key + ".", values: m, problems: t.problems}
}

func (t *table) tables(key string) []*table {
	var out []*table
	for i, m := range get[[]map[string]any](t, key, "an array of tables, [["+key+"]]") {
		out = append(out, &table{at: fmt.Sprintf("%s%s %d: ", t.at, key, i+1), values: m, problems: t.problems})
	}
	return out
}

// rest reports the keys that nobody asked for.
func (t *table) rest() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if slices.Contains(t.asked, key) {
			continue
		}
		i := slices.IndexFunc(t.asked, func(a string) bool { return strings.EqualFold(a, key) })
		if i >= 0 {
			t.problemf(key, "unknown key, did you mean %s?", t.asked[i])
		} else {
			t.problemf(key, "unknown key")
		}
	}
}
