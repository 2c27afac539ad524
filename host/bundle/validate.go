package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"bulkhead/abi"
)

// Limits of a descriptor beside those of its words.
const (
	maxTools     = 64
	maxSelfTests = 32
	maxTensors   = 32
)

// Validate returns every problem of the descriptor, joined.
func (d *Descriptor) Validate() error {
	v := &validation{}
	if v.counts(d); v.problems != nil {
		return errors.Join(v.problems...) // what follows compares all with all
	}
	v.identity(d)
	v.requests(d)
	v.files(d)
	switch d.Role {
	case abi.RoleTool:
		v.tools(d)
	case abi.RoleModel:
		v.tensors("input", d.Inputs)
		v.tensors("output", d.Outputs)
		v.batch(d)
	case abi.RolePolicy:
		v.phase(d)
	}
	v.onlyFor(d)
	for i, s := range d.SelfTests {
		v.selfTest(d, fmt.Sprintf("selftest %d", i+1), s)
	}
	return errors.Join(v.problems...)
}

type validation struct{ problems []error }

func (v *validation) addf(format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf(format, args...))
}

func (v *validation) check(where string, err error) {
	if err != nil {
		v.addf("%s: %w", where, err)
	}
}

func (v *validation) counts(d *Descriptor) {
	for _, list := range []struct {
		name        string
		length, max int
	}{
		{"capabilities", len(d.Capabilities), len(abi.RoleTool.Allowed().List())},
		{"keys", len(d.Keys), abi.MaxSlots},
		{"models", len(d.Models), abi.MaxSlots},
		{"assets", len(d.Assets), abi.MaxSlots},
		{"phase", len(d.Phase), 2},
		{"tool", len(d.Tools), maxTools},
		{"input", len(d.Inputs), maxTensors},
		{"output", len(d.Outputs), maxTensors},
		{"selftest", len(d.SelfTests), maxSelfTests},
		{"files", len(d.Files()), MaxFiles},
	} {
		if list.length > list.max {
			v.addf("%s: %d entries, more than %d", list.name, list.length, list.max)
		}
	}
}

func (v *validation) identity(d *Descriptor) {
	v.check("name", CheckName(d.Name))
	v.check("version", CheckVersion(d.Version))
	if d.ABI != abi.Version {
		v.addf("abi: is %d, this host speaks %d", d.ABI, abi.Version)
	}
	if !d.Role.Valid() {
		v.addf("role: is %.40q, want one of %v", d.Role, abi.Roles())
	}
	if d.SecurityEpoch < 1 || d.SecurityEpoch > math.MaxInt32 {
		v.addf("security_epoch: is %d, want 1 to 2^31-1", d.SecurityEpoch)
	}
	if d.Stateful && d.Role.Valid() && !d.Role.MayKeepState() {
		v.addf("stateful: a plugin of role %s starts every call from its snapshot", d.Role)
	}
}

// requests checks what the plugin asks of the host.
func (v *validation) requests(d *Descriptor) {
	seen := map[string]bool{}
	for _, name := range d.Capabilities {
		c, ok := abi.ParseCapability(name)
		switch {
		case !ok:
			v.addf("capabilities: there is no capability %.40q, want of %v", name, abi.RoleTool.Allowed())
		case seen[name]:
			v.addf("capabilities: %s stands there twice", name)
		case d.Role.Valid() && !d.Role.Allowed().Has(c):
			v.addf("capabilities: a plugin of role %s may not have %s, only %v", d.Role, name, d.Role.Allowed())
		}
		seen[name] = true
	}
	v.slots("keys", d.Keys, "sign", seen["sign"])
	v.slots("models", d.Models, "infer", seen["infer"])
}

func (v *validation) slots(member string, names []string, capability string, asked bool) {
	if (len(names) > 0) != asked {
		v.addf("%s: the capability %s and at least one entry of %s belong together", member, capability, member)
	}
	for i, name := range names {
		v.check(member, checkSlotName(name))
		if slices.Contains(names[:i], name) {
			v.addf("%s: %.80q stands there twice", member, name)
		}
	}
}

func (v *validation) files(d *Descriptor) {
	for i, name := range d.Assets {
		if slices.Contains(d.Assets[:i], name) {
			v.addf("assets: %.200q stands there twice", name)
		}
		v.fileName("assets", name)
	}
	files := d.Files()
	for _, name := range files {
		for _, other := range files {
			if strings.HasPrefix(other, name+"/") {
				v.addf("%.200q is a file and a folder", name)
			}
		}
	}
}

func (v *validation) fileName(where, name string) {
	v.check(where, checkFileName(name))
	// The names of a bundle's own files are not the author's to use, in any spelling that a file system may fold.
	if strings.HasPrefix(strings.ToLower(name), "plugin.") {
		v.addf("%s: %.200q: names that begin with plugin. are the bundle's own", where, name)
	}
}

func (v *validation) tools(d *Descriptor) {
	if len(d.Tools) == 0 {
		v.addf("tool: a plugin of role tool has at least one")
	}
	seen := map[string]bool{}
	for _, t := range d.Tools {
		where := fmt.Sprintf("tool %.80q", t.Name)
		if seen[t.Name] {
			v.addf("%s: stands there twice", where)
		}
		seen[t.Name] = true
		v.check(where, checkToolName(t.Name))
		v.check(where+": title", checkText(t.Title, MaxText))
		v.check(where+": description", checkText(t.Description, MaxText))
		if strings.TrimSpace(t.Description) == "" {
			v.addf("%s: description: is missing", where)
		}
		v.schema(where+": input_schema", t.InputSchema)
		if t.OutputSchema != nil {
			v.schema(where+": output_schema", t.OutputSchema)
		}
	}
}

func (v *validation) schema(where string, raw json.RawMessage) {
	if len(raw) == 0 {
		v.addf("%s: is missing", where)
		return
	}
	_, err := CompileSchema(raw)
	v.check(where, err)
}

func (v *validation) tensors(what string, tensors []abi.Tensor) {
	if len(tensors) == 0 {
		v.addf("%s: a plugin of role model has at least one", what)
	}
	total := 0
	for i, t := range tensors {
		where := fmt.Sprintf("%s %.80q", what, t.Name)
		v.check(where, checkSlotName(t.Name))
		if slices.ContainsFunc(tensors[:i], func(o abi.Tensor) bool { return o.Name == t.Name }) {
			v.addf("%s: stands there twice", where)
		}
		size, ok := t.Bytes()
		if !ok {
			v.addf("%s: unknown type %.40q or impossible shape", where, t.Type)
		}
		total += size
	}
	if total > abi.MaxTensor {
		v.addf("%s: %d bytes in all, more than %d", what, total, abi.MaxTensor)
	}
}

// batch checks that as many examples as may come fit into a request, and their answers into an answer.
func (v *validation) batch(d *Descriptor) {
	in, out := d.Sizes()
	switch n := d.Examples(); {
	case d.Batch < 0 || d.Batch > abi.MaxBatch:
		v.addf("batch: is %d, want 1 to %d", d.Batch, abi.MaxBatch)
	case n > 1 && (n*in > abi.MaxRequest || n*out > abi.MaxAnswer):
		v.addf("batch: %d examples have %d bytes of input and %d of output, more than %d", n, n*in, n*out, abi.MaxRequest)
	}
}

func (v *validation) phase(d *Descriptor) {
	before := []abi.Phase{abi.PhaseBefore}
	if !slices.Equal(d.Phase, before) && !slices.Equal(d.Phase, append(before, abi.PhaseAfter)) {
		v.addf(`phase: is %.80q, want ["before"] or ["before", "after"]`, d.Phase)
	}
}

// onlyFor refuses members that say nothing about a plugin of this role.
func (v *validation) onlyFor(d *Descriptor) {
	for _, m := range []struct {
		name  string
		role  abi.Role
		there bool
	}{
		{"tool", abi.RoleTool, d.Tools != nil},
		{"input", abi.RoleModel, d.Inputs != nil},
		{"output", abi.RoleModel, d.Outputs != nil},
		{"batch", abi.RoleModel, d.Batch != 0},
		{"phase", abi.RolePolicy, d.Phase != nil},
	} {
		if m.there && d.Role != m.role {
			v.addf("%s: belongs to plugins of role %s", m.name, m.role)
		}
	}
}

func (v *validation) selfTest(d *Descriptor, where string, s SelfTestSpec) {
	question, answer := "", ""
	other := s
	other.Tolerance = 0
	switch d.Role {
	case abi.RoleTool:
		question, answer = s.Arguments, s.Expect
		other.Tool, other.Arguments, other.Expect = "", "", ""
		if !slices.ContainsFunc(d.Tools, func(t Tool) bool { return t.Name == s.Tool }) {
			v.addf("%s: there is no tool %.80q", where, s.Tool)
		}
	case abi.RoleModel:
		question, answer = s.Input, s.Output
		other.Input, other.Output = "", ""
	default:
		question, answer = s.Request, s.Expect
		other.Request, other.Expect = "", ""
	}
	if question == "" || other != (SelfTestSpec{}) {
		v.addf("%s: tools have tool, arguments, expect; auth and policy plugins request, expect; models input, output, tolerance", where)
		return
	}
	v.fileName(where, question)
	if answer != "" {
		v.fileName(where, answer)
	}
	v.tolerance(d, where, s.Tolerance)
}

func (v *validation) tolerance(d *Descriptor, where string, tolerance float64) {
	if tolerance == 0 {
		return
	}
	float := d.Role == abi.RoleModel && !slices.ContainsFunc(d.Outputs, func(t abi.Tensor) bool { return t.Type != "f32" && t.Type != "f64" })
	if !float || !(tolerance > 0) || math.IsInf(tolerance, 0) {
		v.addf("%s: tolerance: want a number over 0, for a model whose outputs are all f32 or f64", where)
	}
}
