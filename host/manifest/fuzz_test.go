package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

func seed(f *testing.F, more ...string) {
	names, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range more {
		f.Add([]byte(text))
	}
}

// Whatever the text, the result is problems, or a manifest that obeys every rule when looked at from outside.
func FuzzManifest(f *testing.F) {
	seed(f)
	device, err := os.ReadFile("testdata/device.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		host := decode("host.toml", data, hostKeys())
		m := assemble(host, decode(DeviceFile, device, deviceKeys()))
		if len(host.list) == 0 {
			checkRules(t, m)
			return
		}
		for _, p := range host.list {
			if p.Message == "" || len(p.Message) > 1000 {
				t.Errorf("problem says %.2000q", p.Message)
			}
		}
	})
}

func checkRules(t *testing.T, m *Manifest) {
	local := regexp.MustCompile(`^[A-Za-z0-9_.+@=,~-]+(/[A-Za-z0-9_.+@=,~-]+)*$`)
	inDir := func(p string) bool { return local.MatchString(p) && !strings.Contains("/"+p+"/", "/../") }
	ok := m.Serial >= 1 && m.Serial < 1<<53 && inDir(m.State) && len(m.Pipeline.Policy) > 0
	roles := map[string]abi.Role{}
	for _, p := range m.Plugins {
		roles[p.Alias] = p.Role
		ok = ok && p.Grants&^p.Role.Allowed() == 0 && p.Memory >= 64<<10 && p.Memory <= 4<<30 && inDir(p.Bundle)
		ok = ok && p.Timeout >= time.Millisecond && p.Timeout <= 10*time.Minute && p.Fuel >= 1 && p.Fuel <= 1<<50 && p.Instances >= 1 && p.Instances <= 64
		ok = ok && (p.Isolation == "process" || p.Isolation == "inline") && (!p.Stateful || p.Role.MayKeepState() && p.Instances == 1)
		ok = ok && p.Grants.Has(abi.Sign) == (len(p.Sign) > 0) && p.Grants.Has(abi.Infer) == (len(p.Infer) > 0)
		publisher, found := m.Publisher(p.Name)
		ok = ok && found && slices.Contains(publisher.Roles, p.Role)
		ok = ok && (p.Config == nil || strictjson.Check(p.Config) == nil && json.Valid(p.Config) && p.Config[0] == '{')
	}
	for _, p := range m.Plugins {
		for _, target := range p.Infer {
			ok = ok && roles[target] == abi.RoleModel
		}
	}
	for _, p := range m.Publishers {
		ok = ok && p.Threshold >= 1 && p.Threshold <= len(p.Keys) && len(p.MaySign) > 0 && len(p.Roles) > 0
	}
	for _, a := range m.Pipeline.Policy {
		ok = ok && roles[a] == abi.RolePolicy
	}
	for _, pattern := range m.Audit.Except {
		ok = ok && pattern != "call.refusal" && pattern != "call.*" && pattern != "audit.*" && m.Audit.Level != gate.Off
	}
	ok = ok && (m.Audit.Retention == 0 || m.Audit.Retention >= 24*time.Hour) && m.Audit.Segment >= 64<<10 && !strings.ContainsAny(m.Audit.Origin, " +\n")
	if !ok || roles[m.Pipeline.Auth] != abi.RoleAuth {
		t.Errorf("a manifest that breaks the rules came without problems: %+v", m)
	}
}

// The scanner follows whatever the library accepts, but for what it refuses by itself, and sees the same keys.
func FuzzScan(f *testing.F) {
	seed(f, "a=[{b=1},{b=2}]\n", "a={b={c=1},d=[[{e=''}]]}", "a='''\n'''''\n[b]", "\"a b\".'c' = 1979-05-27 07:32:00 # x",
		"a=\"\"\"\\\"\"\"\"\"\"", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "a = [ # c\n 1, # d\n]\n", "a={\nb=1,\n}", "a=+inf\nb=0x1F_F\nc=1e+3")
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &report{file: "x"}
		if !checkText(r, data) || bytes.Contains(data, []byte("\r")) {
			return
		}
		out, err := scan(string(data))
		if errors.Is(err, errBounds) {
			return
		}
		_, keys, tomlErr := parseTOML(string(data))
		if tomlErr != nil {
			return
		}
		if err != nil && !bytes.ContainsAny(data, `\`) {
			t.Errorf("scan does not follow %q: %v", data, err)
		}
		if err == nil && !sameKeys(out.keys, keys) {
			t.Errorf("scan of %q sees %q, the library %q", data, out.keys, keys)
		}
	})
}
