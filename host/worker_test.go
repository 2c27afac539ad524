package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"bulkhead/runtimes"
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

// testEngines are those of this test binary as a worker. Where it is built without wasmtime, another engine stands in for
// it, so that what an operator does with its worker can be tried without a compiler of C.
func testEngines() map[string]worker.Engine {
	all := sandboxed()
	if all["wasmtime"] == nil {
		all["wasmtime"] = func(pagemap int) runtimes.Backend { return standInEngine{wazero.Ahead(pagemap)} }
	}
	return all
}

// standInEngine says that it is wasmtime.
type standInEngine struct{ runtimes.Backend }

// Version implements runtimes.Versioned.
func (standInEngine) Version() string { return "wasmtime v39.0.1" }

// workerCommand is "worker MANIFEST FILE": the manifest says that FILE is the worker with wasmtime. This test binary is put
// there if there is nothing.
func workerCommand(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[1])
	program, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		program, err = os.ReadFile("/proc/self/exe")
		ts.Check(err)
		err = os.WriteFile(file, program, 0o755)
	}
	ts.Check(err)
	manifest := ts.MkAbs(args[0])
	text, err := os.ReadFile(manifest)
	ts.Check(err)
	before, _, _ := strings.Cut(string(text), "\n[backend.wasmtime]")
	sum := sha256.Sum256(program)
	section := "\n[backend.wasmtime]\npath = \"" + args[1] + "\"\ndigest = \"sha256:" + hex.EncodeToString(sum[:]) + "\"\n"
	ts.Check(os.WriteFile(manifest, []byte(before+section), 0o644))
	ts.Setenv("DIGEST", hex.EncodeToString(sum[:]))
}
