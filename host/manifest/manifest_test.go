package manifest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/host/gate"
)

func TestGoodManifest(t *testing.T) {
	dir := stage(t, readFile(t, "testdata/good.toml"), "")
	m, got := load(t, dir)
	compare(t, got, nil)
	m.outline = nil
	none := map[string]string{}
	want := &Manifest{
		Path: filepath.Join(dir, "host.toml"), Digest: digestOf(readFile(t, "testdata/good.toml")), Dir: dir, Serial: 7, State: "state",
		Pipeline: Pipeline{Auth: "auth", Policy: []string{"abac", "hours"}},
		Listen: Listen{HTTP: "127.0.0.1:8080", Audience: "urn:plant:7",
			Origins: []string{"https://app.example.com", "http://localhost:6274", "http://[::1]:9000"}},
		Audit: Audit{Level: gate.Detailed, Except: []string{"auth.success", "cache.*"}, SignEach: []string{"key.*", "plugin.load"},
			Retention: 365 * 24 * time.Hour, Segment: 48 << 20, Origin: "example.com/press-7"},
		Workers: []Worker{{Backend: "wasmtime", Path: "host-wasmtime", Digest: "sha256:89abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"}},
		Publishers: []Publisher{
			{Name: "acme", Keys: []string{"keys/acme.pub", "keys/acme-2.pub"}, Threshold: 2, MaySign: []string{"acme/*", "other/inspect"},
				Roles: []abi.Role{abi.RoleTool, abi.RoleModel}},
			{Name: "ops", Keys: []string{"keys/ops.pub"}, Threshold: 1, MaySign: []string{"ops/*"}, Roles: []abi.Role{abi.RoleAuth, abi.RolePolicy}},
		},
		Plugins: []Plugin{
			{Alias: "abac", Bundle: "bundles/abac", Is: "ops/abac", Name: "ops/abac", Role: abi.RolePolicy, Backend: "wazero", Isolation: Inline, Memory: 64 << 20,
				Timeout: 500 * time.Millisecond, Fuel: 1e9, Instances: 2,
				Prefix: "abac_", Sign: none, Infer: none, Config: json.RawMessage(`{"rule":[{"allow":true,"limit":0.5},{"allow":false}]}`)},
			{Alias: "auth", Bundle: "bundles/auth", Is: "ops/auth-jwt@1.4.2", Name: "ops/auth-jwt", Role: abi.RoleAuth, Backend: "wazero", Isolation: Process, Memory: 32 << 20,
				Timeout: 2 * time.Second, Fuel: 2e9, Instances: 2,
				Prefix: "auth_", Grants: abi.GrantsOf(abi.Log), Sign: none, Infer: none,
				Config: json.RawMessage(`{"keys":[{"alg":"EdDSA","kid":"a"},{"alg":"ES256","kid":"b"}],"pem":"-----BEGIN PUBLIC KEY-----\n"}`)},
			{Alias: "digits", Bundle: "bundles/digits", Is: "acme/digits", Name: "acme/digits", Role: abi.RoleModel, Backend: "wazero", Isolation: Inline, Memory: 128 << 20,
				Timeout: 5 * time.Second, Fuel: 500e6, Instances: 1, Stateful: true,
				Prefix: "digits_", Sign: none, Infer: none},
			{Alias: "hours", Bundle: "bundles/abac", Is: "ops/abac", Name: "ops/abac", Role: abi.RolePolicy, Backend: "wasmtime", Isolation: Process, Memory: 64 << 10,
				Timeout: time.Millisecond, Fuel: 1, Instances: 2,
				Prefix: "hours_", Grants: abi.GrantsOf(abi.Log, abi.Audit), Sign: none, Infer: none},
			{Alias: "inspect", Bundle: "bundles/inspect", Is: "acme/inspect", Name: "acme/inspect", Role: abi.RoleTool, Backend: "wazero", Isolation: Process, Memory: 4 << 30,
				Timeout: 10 * time.Minute, Fuel: 1125e12, Instances: 64,
				Digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
				Grants: abi.RoleTool.Allowed(), Sign: map[string]string{"report": "report-key"}, Infer: map[string]string{"digits": "digits"},
				Config: json.RawMessage(`{"names":["a","b"],"threshold":0.8}`)},
			{Alias: "spare", Bundle: "bundles/inspect", Is: "other/inspect", Name: "other/inspect", Role: abi.RoleTool, Backend: "wazero", Isolation: Process, Memory: 1 << 20,
				Timeout: time.Minute, Fuel: 750e3, Instances: 2,
				Prefix: "spare_", Grants: abi.GrantsOf(abi.Log), Sign: none, Infer: none},
		},
		Device: Device{Digest: digestOf(readFile(t, "testdata/device.toml")), Name: "press-7", Zone: "hall-2", Keys: "file", KeyFolder: "keys/device"},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
}

func TestLookUps(t *testing.T) {
	m, got := load(t, stage(t, readFile(t, "testdata/good.toml"), ""))
	compare(t, got, nil)
	for name, want := range map[string]string{"acme/anything": "acme", "other/inspect": "acme", "ops/abac": "ops",
		"other/inspect2": "", "other/*": "", "acme": "", "": "", "acmes/x": ""} {
		if p, ok := m.Publisher(name); p.Name != want || ok != (want != "") {
			t.Errorf("Publisher(%q) = %q, %t", name, p.Name, ok)
		}
	}
	p, ok := m.Plugin("spare")
	if !ok || p.ToolName("label") != "spare_label" {
		t.Errorf("plugin spare: %t, %q", ok, p.ToolName("label"))
	}
	if p, _ := m.Plugin("inspect"); p.ToolName("label") != "label" {
		t.Errorf("empty prefix makes %q", p.ToolName("label"))
	}
	if _, ok := m.Plugin("nobody"); ok {
		t.Error("found nobody")
	}
	if got := m.Join(m.Device.KeyFile("report-key")); got != filepath.Join(m.Dir, "keys/device/report-key.key") {
		t.Errorf("key file %s", got)
	}
}

func TestDefaults(t *testing.T) {
	m, got := load(t, stage(t, `
schema = 1
serial = 9007199254740991
state = "var"
pipeline = { auth = "a", policy = ["p"] }
[publisher.ops]
keys = ["keys/ops.pub"]
threshold = 1
may_sign = ["ops/a", "ops/p"]
roles = ["auth", "policy"]
[plugin]
a = { bundle = "bundles/auth", is = "ops/a", role = "auth", isolation = "process", memory = "1MiB", timeout = "1s", fuel = "1M", grant = {} }
p.bundle = "bundles/abac"
p.is = "ops/p"
p.role = "policy"
p.isolation = "inline"
p.memory = "1GiB"
p.timeout = "1000ms"
p.fuel = "1"
p.grant = { log = {} }
p.config = {}
`, ""))
	compare(t, got, nil)
	if m.Listen.HTTP != "" || m.Listen.Origins != nil || m.Listen.Audience != DefaultAudience {
		t.Errorf("listen: %+v", m.Listen)
	}
	if want := (Audit{Level: gate.Standard, Retention: 90 * 24 * time.Hour, Segment: 8 << 20}); !reflect.DeepEqual(m.Audit, want) {
		t.Errorf("audit: %+v", m.Audit)
	}
	if a, p := m.Plugins[0], m.Plugins[1]; a.Backend != DefaultBackend || a.Config != nil || string(p.Config) != "{}" || p.Grants != abi.GrantsOf(abi.Log) ||
		a.Instances != DefaultInstances || p.Timeout != a.Timeout || a.Stateful {
		t.Errorf("plugins: %+v", m.Plugins)
	}
}

func digestOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
