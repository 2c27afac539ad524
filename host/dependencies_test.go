package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// trusted lists every module that may be linked into the default host, with the reason in RATIONALE.md. A new name here is
// a decision.
var trusted = []string{
	"filippo.io/mldsa",
	"github.com/BurntSushi/toml",
	"github.com/go-json-experiment/json",
	"github.com/google/jsonschema-go",
	"github.com/google/uuid",
	"github.com/inconshreveable/mousetrap", // cobra's, Windows only: nothing of it is linked on Linux
	"github.com/modelcontextprotocol/go-sdk",
	"github.com/segmentio/asm",      // go-sdk's
	"github.com/segmentio/encoding", // go-sdk's
	"github.com/spf13/cobra",
	"github.com/spf13/pflag", // cobra's
	"github.com/tetratelabs/wazero",
	"github.com/yosida95/uritemplate/v3", // go-sdk's
	"golang.org/x/mod",
	"golang.org/x/oauth2", // go-sdk's
	"golang.org/x/sync",
	"golang.org/x/sys",
	"golang.org/x/time",
}

func TestHostLinksOnlyTrustedModules(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := slices.Compact(slices.Sorted(slices.Values(strings.Fields(string(out)))))
	if len(linked) < 5 {
		t.Fatalf("only %v is linked: the list was not read", linked)
	}
	for _, m := range linked {
		if m != "bulkhead" && !slices.Contains(trusted, m) {
			t.Errorf("the host links %s, which is not on the list", m)
		}
	}
}
