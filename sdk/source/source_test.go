package source_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/sdk/source"
)

// TestOutsideThisRepository writes the SDK beside a plugin in an empty folder, and builds and tests both there, without a
// network and without any other module.
func TestOutsideThisRepository(t *testing.T) {
	dir := t.TempDir()
	if err := source.WriteTo(filepath.Join(dir, "bulkhead")); err != nil {
		t.Fatal(err)
	}
	plugin(t, dir)
	golang(t, filepath.Join(dir, "bulkhead"), nil, "vet", "./...")
	golang(t, filepath.Join(dir, "bulkhead"), nil, "test", "./...")
	golang(t, dir, nil, "vet", ".")
	golang(t, dir, nil, "test", ".")
	wasm := []string{"GOOS=wasip1", "GOARCH=wasm"}
	golang(t, dir, wasm, "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", "plugin.wasm", ".")
	if info, err := os.Stat(filepath.Join(dir, "plugin.wasm")); err != nil || info.Size() < 1<<20 {
		t.Errorf("no plugin was built: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "bulkhead", "go.sum")); err == nil {
		t.Error("the module needs a go.sum")
	}
}

// plugin writes a tool that greets, and its test.
func plugin(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{
		"go.mod": "module example.com/greet\n\ngo 1.26.0\n\nrequire bulkhead v0.0.0\n\nreplace bulkhead => ./bulkhead\n",
		"main.go": `package main

import (
	"bulkhead/abi"
	"bulkhead/sdk"
)

func main() {}

func init() {
	sdk.Tool(func(q abi.ToolRequest) (abi.ToolAnswer, error) {
		sdk.Log(abi.LevelInfo, "call %s", q.Call)
		return abi.ToolAnswer{Content: []abi.Content{sdk.Text("Hello, " + q.Principal + "!")}}, nil
	})
}
`,
		"main_test.go": `package main

import (
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
)

func TestGreet(t *testing.T) {
	sdktest.Run(t, sdktest.Config{Grants: abi.GrantsOf(abi.Log)}, func(t *testing.T, p *sdktest.Plugin) {
		a, err := p.Tool(abi.ToolRequest{Tool: "greet", Principal: "ada"})
		if err != nil || a.Content[0].Text != "Hello, ada!" {
			t.Errorf("got %v, %v", a, err)
		}
	})
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func golang(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestComplete compares what is written with the folders of this repository, so that a new file is not left behind.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	if err := source.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	want := []string{"go.mod", "abi/SPEC.md"}
	for _, pattern := range []string{"abi/*.go", "sdk/*.go", "sdk/internal/native/*.go", "sdk/sdktest/*.go"} {
		files, err := filepath.Glob(filepath.Join("../..", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files match %s (%v)", pattern, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				want = append(want, filepath.ToSlash(strings.TrimPrefix(file, filepath.FromSlash("../../"))))
			}
		}
	}
	got := written(t, dir)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	for _, name := range want {
		if name == "go.mod" {
			continue
		}
		here, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(here, there) {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
}

func written(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// TestGoVersion fails if the written module asks for another Go than this repository.
func TestGoVersion(t *testing.T) {
	dir := t.TempDir()
	if err := source.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	if a, b := goLine(t, filepath.Join(dir, "go.mod")), goLine(t, "../../go.mod"); a != b {
		t.Errorf("the written module says %q, this one %q", a, b)
	}
}

func goLine(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "go ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// TestOverwritesNothing keeps an author's changes to the SDK.
func TestOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := source.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	if err := source.WriteTo(dir); err == nil {
		t.Error("a second WriteTo overwrites the first")
	}
}
