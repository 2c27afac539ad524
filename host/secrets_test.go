package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// secret matches what must never be committed: private keys of the usual forms, ours among them, and tokens.
var secret = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY` +
	`|"type":\s*"bulkhead/(?:private|root)-` + `key/v1"` +
	`|eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}` +
	`|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[A-Za-z0-9-]{20,}`)

// worthless are files with tokens that everybody must refuse: self-tests of the auth plugin.
var worthless = []string{"plugins/auth-jwt/testdata/clock.json", "plugins/auth-jwt/testdata/jwk.json"}

func TestNoSecretIsCommitted(t *testing.T) {
	out, err := exec.Command("git", "-C", "..", "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("listing files (is this a git checkout?): %v", err)
	}
	files := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	if len(files) < 50 {
		t.Fatalf("only %d files listed", len(files))
	}
	for _, f := range files {
		data, err := os.ReadFile("../" + f)
		if os.IsNotExist(err) {
			continue // removed, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if m := secret.Find(data); m != nil && !slices.Contains(worthless, f) {
			t.Errorf("%s holds what looks like a secret: %.40q", f, m)
		}
	}
}

func TestPlantedSecretsAreFound(t *testing.T) {
	jwt := strings.Join([]string{"eyJhbGciOiJFZERTQSIsInR5cCI6", "eyJpc3MiOiJ1cm46YnVsa2hlYWQ6", "c2lnbmF0dXJlLWJ5dGVzLWhlcmU"}, ".")
	for _, planted := range []string{
		"-----BEGIN " + "EC PRIVATE KEY-----", `{"type": "bulkhead/private-` + `key/v1"}`,
		`{"type": "bulkhead/root-` + `key/v1"}`, "token = " + jwt, "AKIA" + "ABCDEFGHIJKLMNOP",
	} {
		if !secret.MatchString(planted) {
			t.Errorf("not found: %q", planted)
		}
	}
	if secret.MatchString(`{"type": "bulkhead/public-key/v1"}`) {
		t.Error("a public key counts as secret")
	}
}
