//go:build peers

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// conformanceManifest serves the fixture's tool to everybody, and nothing else.
const conformanceManifest = `
schema = 1
serial = 1
state  = "state"
[pipeline]
auth   = "auth"
policy = ["abac"]
[listen]
http    = "127.0.0.1:PORT"
origins = []
[publisher.quickstart]
keys      = ["keys/publisher.pub"]
threshold = 1
may_sign  = ["bulkhead/*"]
roles     = ["auth", "policy", "tool"]
[plugin.auth]
bundle    = "bundles/auth-jwt"
is        = "bulkhead/auth-jwt"
role      = "auth"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant.log = {}
config.anonymous = { id = "anonymous" }
[plugin.abac]
bundle    = "bundles/policy-abac"
is        = "bulkhead/policy-abac"
role      = "policy"
isolation = "process"
memory    = "32MiB"
timeout   = "2s"
fuel      = "2G"
grant     = {}
[[plugin.abac.config.rules]]
name       = "protocol"
effect     = "allow"
principals = ["anonymous"]
actions    = ["*"]
resources  = [""]
[[plugin.abac.config.rules]]
name       = "fixture"
effect     = "allow"
principals = ["anonymous"]
actions    = ["tools/call"]
resources  = ["test_*"]
[plugin.fixture]
bundle    = "bundles/fixture"
is        = "bulkhead/fixture"
role      = "tool"
isolation = "process"
memory    = "32MiB"
timeout   = "5s"
fuel      = "2G"
prefix    = ""
grant     = {}
`

// serve starts bin/host on a copy of the quickstart and returns its folder and its port. The host ends with the test.
func serve(t *testing.T, manifest string) (dir, port string) {
	t.Helper()
	folder, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	if port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := errors.Join(copyQuickstart(folder, dir, port), os.Chmod(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if manifest != "" {
		if err := os.WriteFile(dir+"/host.toml", []byte(strings.ReplaceAll(manifest, "PORT", port)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("../bin/host", "run", "-m", dir+"/host.toml")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			t.Errorf("stopping the host: %v", err)
		}
	})
	waitReady(t, port)
	return dir, port
}

func waitReady(t *testing.T, port string) {
	t.Helper()
	for range 600 {
		if host("call", "--ready", "--url", "http://127.0.0.1:"+port+"/mcp") == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the host did not become ready")
}

// peer runs a peer and shows what it says.
func peer(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(name), err)
	}
}

func TestPeerConformance(t *testing.T) {
	if err := addFixture(); err != nil {
		t.Fatal(err)
	}
	_, port := serve(t, conformanceManifest)
	peer(t, nil, "../.ci/npm/conformance", "http://127.0.0.1:"+port+"/mcp")
}

// addFixture puts the fixture beside the quickstart's bundles.
func addFixture() error {
	folder, err := quickstart()
	if err != nil {
		return err
	}
	return errors.Join(
		host("plugin", "build", "../plugins/internal/fixture", "-o", folder+"/bundles/fixture"),
		host("plugin", "sign", folder+"/bundles/fixture", "--key", folder+"/keys/publisher.key"),
	)
}

func TestPeerTypeScriptClients(t *testing.T) {
	dir, port := serve(t, "")
	var token, errOut strings.Builder
	if c := execute(t.Context(), []string{"token", "--key", dir + "/keys/token.key", "--subject", "alice", "--claim", "role=operator"}, nil, &token, &errOut); c != exitOK {
		t.Fatal(errOut.String())
	}
	if err := os.WriteFile(dir+"/operator.jwt", []byte(token.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	// The clients start a second host over stdio, on a state directory of its own.
	text, err := os.ReadFile(dir + "/host.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/stdio.toml", []byte(strings.Replace(string(text), `state  = "state"`, `state  = "state-stdio"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments, err := parseArguments([]string{"image=@../examples/quickstart/seven.png"})
	if err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.Abs("../bin/host")
	if err != nil {
		t.Fatal(err)
	}
	peer(t, []string{"BULKHEAD_TOKEN=" + strings.TrimSpace(token.String())}, "../.ci/npm/clients",
		"--url", "http://127.0.0.1:"+port+"/mcp", "--tool", "label", "--expect", "7", "--arguments", `{"image":"`+arguments["image"].(string)+`"}`,
		"--", bin, "run", "-m", dir+"/stdio.toml", "--stdio", "--credential-file", dir+"/operator.jwt")
}

// TestPeerFreshClone is a user's first minute: clone, make run.
func TestPeerFreshClone(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bulkhead")
	if out, err := exec.Command("git", "clone", "-q", "..", dir).CombinedOutput(); err != nil {
		t.Fatalf("cloning: %v: %s", err, out)
	}
	peer(t, []string{"ONCE=1", "PORT=" + port}, "make", "-C", dir, "run")
}

// A model in C is written, compiled, tested, signed and run with the commands of its README.
func TestPeerModelInC(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(host("plugin", "new", "acme/ears", "--role", "model", "--lang", "c", "--folder", filepath.Join(dir, "ears")))
	readme, err := os.ReadFile(filepath.Join(dir, "ears", "README.md"))
	must(err)
	t.Chdir(filepath.Join(dir, "ears"))
	stand := strings.NewReplacer("REQUESTS", "testdata", "REQUEST", "testdata/x.bin")
	ran := map[string]int{}
	for _, line := range strings.Split(string(readme), "\n") {
		words := strings.Fields(strings.Split(stand.Replace(line), " # ")[0])
		if len(words) == 0 || words[0] != "host" && words[0] != "clang-19" {
			continue
		}
		if ran[words[0]]++; words[0] == "host" {
			must(host(words[1:]...))
		} else if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v (Debian's packages clang-19 and lld-19)\n%s", line, err, out)
		}
	}
	if ran["host"] < 7 || ran["clang-19"] != 2 {
		t.Errorf("commands of the README: %v", ran)
	}
}
