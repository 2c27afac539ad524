package worker

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"bulkhead/runtimes"
	"bulkhead/runtimes/runtimetest"
)

// TestMain makes this test's own executable a worker. One with the race detector takes more memory than a worker may have:
// then the same tests, built without, are the worker.
func TestMain(m *testing.M) {
	all := map[string]Engine{
		"spinning":  func(int) runtimes.Backend { return spinning{} },
		"plain":     func(int) runtimes.Backend { return plain{} },
		"fidgeting": func(int) runtimes.Backend { return fidgeting{} },
		"escaping":  func(int) runtimes.Backend { return escaping{} },
		"hostile":   func(int) runtimes.Backend { return hostile{func() bool { return false }} },
	}
	maps.Copy(all, engines())
	Main(all)
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
	if !withRace {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "worker")
	if err == nil {
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "worker.test")
		cmd := exec.Command("go", append(buildTest(), "-o", path, ".")...)
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

// testProgramKept is the executable of these tests, nil for the running one.
var testProgramKept = sync.OnceValue(func() *Executable {
	path := os.Getenv(executableVariable)
	if path == "" {
		return nil
	}
	e, err := ReadExecutable(path)
	if err != nil {
		panic(err)
	}
	return e
})

// testConfig is a Config with the executable of these tests.
func testConfig(backend string) Config {
	return Config{Backend: backend, Executable: testProgramKept()}
}

func newBackend(t testing.TB, c Config) *Backend {
	t.Helper()
	if c.Executable == nil {
		c.Executable = testProgramKept()
	}
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContract(t *testing.T) {
	for name := range engines() {
		t.Run(name, func(t *testing.T) {
			runtimetest.Run(t, func() runtimes.Backend { return newBackend(t, Config{Backend: name}) })
		})
	}
}
