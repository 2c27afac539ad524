package both

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The module of this test binary's package: a test binary has one package, and go test runs it in that folder.
var module struct {
	once sync.Once
	wasm []byte
	err  error
}

func build(t *testing.T) []byte {
	t.Helper()
	module.once.Do(func() { module.wasm, module.err = compile(t.TempDir()) })
	if module.err != nil {
		t.Fatalf("building the plugin: %v", module.err)
	}
	return module.wasm
}

// compile is the command line of "host plugin build".
func compile(folder string) ([]byte, error) {
	file := filepath.Join(folder, "plugin.wasm")
	if _, err := golang("build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "."); err != nil {
		return nil, err
	}
	if err := watch(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// watch looks at every source file of the plugin, so that go test, which caches results and notes which files a test
// looked at, runs the test again when one changes that is compiled for the sandbox only.
func watch() error {
	const files = `{{if not .Standard}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}`
	out, err := golang("list", "-deps", "-f", files, ".")
	if err != nil {
		return err
	}
	for _, file := range strings.Fields(out) {
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	return nil
}

func golang(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return string(out), nil
}
