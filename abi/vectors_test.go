package abi_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bulkhead/abi/testdata"
)

var update = flag.Bool("update", false, "write the generated files of testdata anew")

const vectorFolder = "testdata/vectors"

// TestVectorsAreGenerated fails if the vectors in version control are not those that this code makes.
func TestVectorsAreGenerated(t *testing.T) {
	made := map[string][]byte{}
	for _, v := range generate() {
		if made[v.Name] != nil {
			t.Fatalf("two vectors are called %s", v.Name)
		}
		made[v.Name] = v.File()
	}
	if *update {
		writeVectors(t, made)
	}
	entries, err := os.ReadDir(vectorFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		stored, err := os.ReadFile(filepath.Join(vectorFolder, e.Name()))
		switch {
		case err != nil:
			t.Error(err)
		case made[e.Name()] == nil:
			t.Errorf("%s is not generated", e.Name())
		case !bytes.Equal(stored, made[e.Name()]):
			t.Errorf("%s differs from what is generated: run with -update", e.Name())
		}
		delete(made, e.Name())
	}
	for name := range made {
		t.Errorf("%s is missing: run with -update", name)
	}
}

func writeVectors(t *testing.T, made map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(vectorFolder); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(vectorFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, file := range made {
		if err := os.WriteFile(filepath.Join(vectorFolder, name), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVectorsCover fails on an empty or thinned corpus: each message needs good and bad vectors, each kind of refusal
// that issue 2 names must be there for each message.
func TestVectorsCover(t *testing.T) {
	all, err := testdata.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{
		"plain", "duplicate-name", "inexact-case", "unknown-member", "trailing-value", "invalid-utf8-value", "nan",
		"too-deep", "wrong-type", "lone-high-surrogate", "empty", "top-level-array", "top-level-null",
	}
	for _, m := range messages() {
		for _, kind := range kinds {
			found := slices.ContainsFunc(all, func(v testdata.Vector) bool {
				return v.Role == m.role && v.Message == m.direction && v.Kind == kind
			})
			if !found {
				t.Errorf("no vector of kind %s for the %s %s", kind, m.role, m.direction)
			}
		}
	}
}

// TestVectorsParse shows that a vector survives the way to disk and back, whatever its bytes are.
func TestVectorsParse(t *testing.T) {
	for _, v := range generate() {
		back, err := testdata.Parse(v.Name, v.File())
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if !bytes.Equal(back.File(), v.File()) {
			t.Errorf("%s changes when it is read", v.Name)
		}
	}
	for _, bad := range []string{"", "kind: x\n", "kind: x\nrole: tool\nmessage: answer\nexpect: maybe\n\n", "color: red\n\n"} {
		if _, err := testdata.Parse("bad", []byte(bad)); err == nil {
			t.Errorf("Parse accepts %q", bad)
		}
	}
}
