package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compileGo builds the Go package in src as a WASI reactor. Nothing of the author's environment reaches the module: no
// flags, no experiments, no paths, no version control, no toolchain but the one that is installed.
func compileGo(ctx context.Context, src, temp string) ([]byte, error) {
	env, err := goEnvironment(ctx, src)
	if err != nil {
		return nil, err
	}
	temp, err = filepath.Abs(temp)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", src, err)
	}
	out := filepath.Join(temp, WasmFile)
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, ".")
	cmd.Dir = src
	cmd.Env = env
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling %s: %w\n%s", src, err, bytes.TrimSpace(text))
	}
	f, err := openFolder(temp)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", src, err)
	}
	defer f.Close()
	data, err := f.read(WasmFile, MaxWasm)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", src, err)
	}
	return data, nil
}

// goEnvironment keeps where Go finds modules and its cache, also if `go env -w` said so, and fixes all that could
// change the module. GOENV=off, because an empty variable would let that file speak.
func goEnvironment(ctx context.Context, src string) ([]string, error) {
	keep := []string{"GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH"}
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, keep...)...)
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("asking Go for its settings: %w\nhint: compiling a plugin needs the go command; a prebuilt module goes into plugin.toml as wasm = \"FILE\"", err)
	}
	var settings map[string]string
	if err := json.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("reading Go's settings: %w", err)
	}
	env := []string{"GOENV=off", "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOWORK=off", "GO111MODULE=on"}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if name == "PATH" || name == "HOME" || name == "TMPDIR" || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, pair)
		}
	}
	return env, nil
}
