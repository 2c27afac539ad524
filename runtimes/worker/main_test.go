package worker

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
	"bulkhead/runtimes/wazero"
)

// TestMain makes this test's own executable a worker. The race detector needs cgo, with which no worker can be built: then
// the same tests, built without, are the worker.
func TestMain(m *testing.M) {
	Main(map[string]func() runtimes.Backend{
		"wazero":    wazero.Ahead,
		"spinning":  func() runtimes.Backend { return spinning{} },
		"plain":     func() runtimes.Backend { return plain{} },
		"fidgeting": func() runtimes.Backend { return fidgeting{} },
		"escaping":  func() runtimes.Backend { return escaping{} },
		"hostile":   func() runtimes.Backend { return hostile{func() bool { return false }} },
	})
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	switch {
	case os.Getenv(hostVariable) != "":
		beHost()
		return 0
	case os.Getenv(checkVariable) != "":
		beCheck()
		return 0
	}
	if !withCgo {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "worker")
	if err == nil {
		defer os.RemoveAll(dir)
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		path := filepath.Join(dir, "worker.test")
		cmd := exec.Command("go", "test", "-c", "-o", path, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		err = cmd.Run()
		os.Setenv(executableVariable, path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "building the worker:", err)
		return 1
	}
	return m.Run()
}

const executableVariable = "BULKHEAD_TEST_WORKER"

func newBackend(t testing.TB, c Config) *Backend {
	t.Helper()
	c.Executable = os.Getenv(executableVariable)
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContract(t *testing.T) {
	runtimetest.Run(t, func() runtimes.Backend { return newBackend(t, Config{Backend: "wazero"}) })
}
