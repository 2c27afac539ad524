package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bulkhead/host/attest"
	"bulkhead/host/checkpoint"
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
func (standInEngine) Version() string { return "wasmtime v39.0.0" }

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

// Evidence names the programs in which plugins run, by what was read and not by what is there now.
func TestEvidenceNamesWorkers(t *testing.T) {
	folder, err := quickstart()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() + "/q"
	if err := copyQuickstart(folder, dir, "8080"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + "/host.toml")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("program"))
	digest := hex.EncodeToString(sum[:])
	changed := strings.Replace(string(text), `"wazero"`, `"wasmtime"`, 1) +
		"\n[backend.wasmtime]\npath = \"worker\"\ndigest = \"sha256:" + digest + "\"\n"
	if err := errors.Join(os.WriteFile(dir+"/worker", []byte("program"), 0o755), os.WriteFile(dir+"/host.toml", []byte(changed), 0o644)); err != nil {
		t.Fatal(err)
	}
	sys, err := readSystem(dir + "/host.toml")
	if err != nil {
		t.Fatal(err)
	}
	defer sys.close()
	if err := os.WriteFile(dir+"/worker", []byte("another"), 0o755); err != nil {
		t.Fatal(err)
	}
	attester, err := newAttester(sys, func() checkpoint.Head { return checkpoint.Head{} })
	if err != nil {
		t.Fatal(err)
	}
	data, err := attester.Attest(t.Context(), attest.ByOperator(), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if want := `"workers":[{"backend":"wasmtime","digest":"` + digest + `"}]`; !strings.Contains(string(data), want) {
		t.Errorf("no %s in %s", want, data)
	}
}
