//go:build peers

package c_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's plugin is built with the README's commands, in a folder of its own, and answers.
func TestPeerReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, manifest, commands := block(t, text, "c"), block(t, text, "toml"), strings.Split(block(t, text, "sh"), "\n")
	sdk, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	host := filepath.Join(t.TempDir(), "host")
	build := exec.Command("go", "build", "-o", host, "bulkhead/host")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the host: %v\n%s", err, out)
	}
	write := func(dir, name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var modules [2][]byte
	for i := range modules { // in two places
		dir := t.TempDir()
		write(dir, "double.c", []byte(source))
		write(dir, "plugin.toml", []byte(manifest))
		write(dir, "one.f32", float(21))
		var last []byte
		for _, line := range commands {
			line = strings.NewReplacer("@SDK", "@"+sdk, "-ISDK", "-I"+sdk, "bin/host", host, "BUNDLE", filepath.Join(dir, "bundle")).Replace(line)
			cmd := exec.Command("sh", "-c", line)
			cmd.Dir = dir
			var problems bytes.Buffer
			cmd.Stderr = &problems
			if last, err = cmd.Output(); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, &problems)
			}
		}
		if len(last) != 4 || math.Float32frombits(binary.LittleEndian.Uint32(last)) != 42 {
			t.Errorf("the plugin answers %x", last)
		}
		if modules[i], err = os.ReadFile(filepath.Join(dir, "double.wasm")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(modules[0], modules[1]) {
		t.Error("two folders, two modules")
	}
	header, err := os.ReadFile("bulkhead.h")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(source, "\n") {
		if !strings.Contains(string(header), strings.TrimRight("//     "+line, " ")) {
			t.Errorf("the example in bulkhead.h is another one, without %q", line)
		}
	}
}

// block is the first code block of a language.
func block(t *testing.T, text []byte, language string) string {
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)\n```").FindSubmatch(text)
	if m == nil {
		t.Fatalf("README.md has no block in %s", language)
	}
	return string(m[1])
}
