package abi_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bulkhead/abi"
)

// TestSignatures compares the table for other languages with the functions of this package.
func TestSignatures(t *testing.T) {
	const file = "testdata/signatures.txt"
	var want strings.Builder
	fmt.Fprintf(&want, "# The functions that cross the sandbox. Imports are from the module %s.\n", abi.Module)
	for _, s := range abi.Exports() {
		fmt.Fprintf(&want, "export %s\n", s)
	}
	for _, s := range abi.Imports() {
		fmt.Fprintf(&want, "import %s\n", s)
	}
	if *update {
		if err := os.WriteFile(file, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("%s differs from what is generated: run with -update", file)
	}
}

// TestSpecification fails where SPEC.md and this package name different functions, errnos, limits or members.
func TestSpecification(t *testing.T) {
	spec := specification(t)
	says := func(what, text string) {
		t.Helper()
		if !strings.Contains(spec, text) {
			t.Errorf("SPEC.md does not have %s: %s", what, text)
		}
	}
	for _, s := range slices.Concat(abi.Exports(), abi.Imports()) {
		says("the type of "+s.Name, s.String())
	}
	for e := abi.ErrInternal; e < 0; e++ {
		says("an errno", fmt.Sprintf("| %d | ", int32(e)))
	}
	for name, n := range limits() {
		says("the limit "+name, fmt.Sprintf("| `%s` | %s |", name, thousands(n)))
	}
	for _, message := range []any{
		abi.AuthRequest{}, abi.Credential{}, abi.AuthAnswer{}, abi.Principal{}, abi.PolicyRequest{}, abi.Device{}, abi.PolicyAnswer{},
		abi.ToolRequest{}, abi.ToolAnswer{}, abi.Content{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(message)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !strings.Contains(spec, "`"+name+"`") && !strings.Contains(spec, "."+name+"`") {
				t.Errorf("SPEC.md does not have the member %s of %T", name, message)
			}
		}
	}
	for _, r := range abi.Roles() {
		says("the capabilities of "+string(r), fmt.Sprintf("| %s | %s |", r, strings.ReplaceAll(r.Allowed().String(), ",", ", ")))
	}
}

func limits() map[string]int {
	return map[string]int{
		"InputHint": abi.InputHint, "MaxRequest": abi.MaxRequest, "MaxAnswer": abi.MaxAnswer,
		"MaxGuestError": abi.MaxGuestError, "MaxAuditObject": abi.MaxAuditObject, "MaxLogLine": abi.MaxLogLine,
		"MaxSignInput": abi.MaxSignInput, "MinNonce": abi.MinNonce, "MaxNonce": abi.MaxNonce,
		"MaxJSONDepth": abi.MaxJSONDepth, "MaxSlots": abi.MaxSlots, "MaxReason": abi.MaxReason,
		"MaxBatch": abi.MaxBatch, "MaxPrincipal": abi.MaxPrincipal, "MaxTensor": abi.MaxTensor,
	}
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func specification(t *testing.T) string {
	t.Helper()
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(spec)
}

func TestErrnoText(t *testing.T) {
	for e, want := range map[abi.Errno]string{
		abi.ErrDenied: "denied", abi.ErrInternal: "internal error", 0: "errno 0", -9: "errno -9", 1: "errno 1", -1 << 31: "errno -2147483648",
	} {
		if got := e.Error(); got != want {
			t.Errorf("%d is %q, want %q", int32(e), got, want)
		}
	}
}

func TestGrants(t *testing.T) {
	var none abi.Grants
	for c := abi.Log; c <= abi.Infer; c++ {
		parsed, ok := abi.ParseCapability(c.String())
		if !ok || parsed != c {
			t.Errorf("ParseCapability(%s) = %s, %t", c, parsed, ok)
		}
		if none.Has(c) || !abi.GrantsOf(c).Has(c) || len(abi.GrantsOf(c, abi.Progress).List()) != 1 {
			t.Errorf("%s is granted by nobody or not by its grant", c)
		}
	}
	if _, ok := abi.ParseCapability("progress"); ok {
		t.Error("progress can be granted")
	}
	if _, ok := abi.ParseCapability("Log"); ok {
		t.Error("names of capabilities are not exact")
	}
	if !none.Has(abi.Progress) || none.Has(abi.Progress+1) || none.String() != "none" {
		t.Errorf("the empty set is %s", none)
	}
	if abi.Role("monitor").Allowed() != 0 || abi.Role("").Valid() || abi.Role("monitor").MayKeepState() {
		t.Error("an unknown role may do something")
	}
	for r, want := range map[abi.Role]bool{abi.RoleAuth: false, abi.RolePolicy: false, abi.RoleTool: true, abi.RoleModel: true} {
		if r.MayKeepState() != want {
			t.Errorf("may a plugin of role %s keep state: %t", r, !want)
		}
	}
}

func TestTensorBytes(t *testing.T) {
	for _, c := range []struct {
		typ   string
		shape []int
		want  int
		ok    bool
	}{
		{"f32", []int{1, 784}, 3136, true},
		{"f64", []int{2}, 16, true},
		{"i8", []int{3}, 3, true},
		{"u8", []int{abi.MaxTensor}, abi.MaxTensor, true},
		{"u8", []int{abi.MaxTensor + 1}, 0, false},
		{"i64", []int{abi.MaxTensor}, 0, false},
		{"f32", []int{1 << 31, 1 << 31, 1 << 31}, 0, false},
		{"f32", nil, 0, false},
		{"f32", []int{1, 0}, 0, false},
		{"f32", []int{-1}, 0, false},
		{"F32", []int{1}, 0, false},
		{"", []int{1}, 0, false},
	} {
		got, ok := abi.Tensor{Type: c.typ, Shape: c.shape}.Bytes()
		if got != c.want && ok || ok != c.ok {
			t.Errorf("%s %v has %d bytes, %t", c.typ, c.shape, got, ok)
		}
	}
}
