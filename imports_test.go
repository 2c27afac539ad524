package bulkhead_test

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A layer says what a folder may import. "x/..." means x and everything below. The first layer that has
// a folder rules it; a folder that none has is a violation, so that every new one is a decision.
type layer struct {
	folder string
	module string // folders of this module that it may import, separated by spaces
	others string // path prefixes of other modules that it may import
}

func layers() []layer {
	const sys = "golang.org/x/sys/"
	return []layer{
		{"abi", "", ""},
		{"sdk/sdktest/...", "abi sdk/... runtimes runtimes/wazero", ""},
		{"sdk/...", "abi sdk/...", ""},

		{"runtimes", "abi", ""},
		{"runtimes/wasm", "abi", ""},
		{"runtimes/wasi", "abi runtimes/wasm", ""},
		{"runtimes/guest", "abi runtimes runtimes/image runtimes/wasi runtimes/wasm", ""},
		{"runtimes/image", "", sys},
		{"runtimes/wazero", "abi runtimes runtimes/guest runtimes/image runtimes/wasm", sys + " github.com/tetratelabs/wazero"},
		{"runtimes/wasmtime", "abi runtimes runtimes/guest runtimes/image runtimes/wasm", "github.com/bytecodealliance/wasmtime-go/"},
		{"runtimes/wasmtime/host-wasmtime", "runtimes runtimes/wasmtime runtimes/worker", ""},
		{"runtimes/worker/alone", "", ""},
		{"runtimes/worker", "abi runtimes runtimes/worker/alone", sys},
		{"runtimes/runtimetest/...", "abi runtimes runtimes/guest runtimes/wasi runtimes/wasm runtimes/runtimetest/...", ""},

		{"host/strictjson", "abi", "github.com/go-json-experiment/json"},
		{"host/gate", "abi runtimes host/strictjson", "github.com/google/uuid"},
		{"host/safefile", "", ""},
		{"host/measure", "", ""},
		{"host/advisory", "host/strictjson", ""},
		{"host/state", "host/safefile", ""},
		{"host/floor", "host/strictjson", ""},
		{"host/cache", "runtimes host/safefile", "golang.org/x/time/rate"},
		{"host/control", "host/strictjson host/safefile", "golang.org/x/time/rate"},
		{"host/manifest", "abi host/strictjson host/safefile host/gate", "github.com/BurntSushi/toml"},
		{"host/keys", "abi host/strictjson host/safefile", "filippo.io/mldsa"},
		{"host/audit/tree", "", "golang.org/x/mod/sumdb/tlog"},
		{"host/checkpoint", "host/keys", "filippo.io/mldsa golang.org/x/mod/sumdb/"},
		{"host/receipt", "abi host/strictjson host/gate host/keys host/checkpoint", ""},
		{"host/receipt/receipttest", "host/strictjson host/gate host/keys host/checkpoint host/audit/tree", "golang.org/x/mod/sumdb/tlog"},
		{"host/bundle", "abi runtimes/wasm host/strictjson host/safefile host/keys", "github.com/BurntSushi/toml github.com/go-json-experiment/json"},
		{"host/capability", "abi runtimes host/strictjson host/gate", "golang.org/x/time/rate"},
		{"host/attest", "abi host/strictjson host/gate host/keys", ""},
		{"host/witness", "host/audit/tree host/checkpoint host/safefile host/strictjson", "golang.org/x/mod/sumdb/tlog"},
		{"host/audit/export", "host/gate host/safefile host/strictjson", ""},
		{"host/audit/crash/mutants", "", ""},
		{"host/audit", "abi host/strictjson host/safefile host/gate host/keys host/checkpoint host/audit/tree host/audit/export",
			"github.com/google/uuid golang.org/x/mod/sumdb/tlog golang.org/x/sync/errgroup " + sys},
		{"host/gateway", "abi host/strictjson host/gate host/audit/tree", "github.com/modelcontextprotocol/go-sdk/"},
		{"host/scaffold", "abi sdk/c sdk/source", ""},
		{"host", "abi runtimes runtimes/wasm runtimes/wazero runtimes/wasmtime runtimes/worker host/...",
			"github.com/spf13/cobra github.com/modelcontextprotocol/go-sdk/ golang.org/x/sync/errgroup " + sys},

		{"plugins/...", "abi sdk plugins/internal/...", ""},
		{"examples/...", "abi sdk", ""},
		{"bench/...", "abi/... sdk/... runtimes/... host/... plugins/... bench/...", "github.com/ golang.org/ google.golang.org/ filippo.io/ k8s.io/klog/"},
	}
}

// glue is the guest code that speaks the ABI itself: the SDK's, and the guest with which the contract suite tries the ABI
// without the SDK. Only here stands go:wasmimport.
func glue() []string {
	return []string{"sdk/guest_wasip1.go", "runtimes/runtimetest/internal/goguest/guest_wasip1.go"}
}

// mayBeUnsafe are the files with unsafe: glue; those that map a snapshot over a memory, give wazero its code cache in memory,
// and stand between Go and wasmtime's C; and what a worker shares with the host and asks of the kernel.
func mayBeUnsafe() []string {
	return append(glue(), "runtimes/image/thaw.go", "runtimes/wazero/codefile.go",
		"runtimes/wasmtime/borrow.go", "runtimes/wasmtime/export.go", "runtimes/wasmtime/global.go", "runtimes/wasmtime/host.go",
		"runtimes/wasmtime/instance.go", "runtimes/worker/shared.go", "runtimes/worker/syscalls.go",
		"runtimes/worker/threads.go")
}

// mayBeCgo are the files with cgo that need no build tag: where a program has cgo anyway, they confine its threads.
func mayBeCgo() []string { return []string{"runtimes/worker/alone/state.go"} }

const module = "bulkhead"

// TestImports holds every Go file of the module against the rules.
func TestImports(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		for _, v := range violations(name, source) {
			t.Errorf("%s: %s", name, v)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

// skipped names the folders that the go command leaves out, and those that are no part of the source.
func skipped(folder string) bool {
	return folder == "testdata" || folder == "bin" || folder == "node_modules" || folder != "." && strings.ContainsRune("._", rune(folder[0]))
}

// violations returns what is wrong with one file. The table does not bind tests: what they import is linked nowhere.
func violations(name string, source []byte) []string {
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	c := &checker{name: name, test: strings.HasSuffix(name, "_test.go"), tagged: underWasmtime(f)}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return []string{err.Error()}
		}
		c.imports = append(c.imports, imported)
	}
	if !c.test {
		c.layer()
	}
	c.special()
	c.directives(f)
	c.inits(f)
	return c.found
}

type checker struct {
	name    string
	test    bool
	tagged  bool // the file is built only with the tag wasmtime
	imports []string
	found   []string
}

func (c *checker) addf(format string, a ...any) { c.found = append(c.found, fmt.Sprintf(format, a...)) }

// layer checks the imports against the table.
func (c *checker) layer() {
	folder := path.Dir(c.name)
	all := layers()
	i := slices.IndexFunc(all, func(l layer) bool { return within(folder, l.folder) })
	if i < 0 {
		c.addf("no layer has the folder %s", folder)
		return
	}
	for _, imported := range c.imports {
		first, _, _ := strings.Cut(imported, "/")
		inner, own := strings.CutPrefix(imported, module+"/")
		switch {
		case own && !slices.ContainsFunc(strings.Fields(all[i].module), func(m string) bool { return within(inner, m) }):
			c.addf("%s may not import %s", folder, imported)
		case own || imported == "C" || !strings.Contains(first, ".") && first != module:
		case !slices.ContainsFunc(strings.Fields(all[i].others), func(o string) bool { return below(imported, o) }):
			c.addf("%s may not import %s", folder, imported)
		}
	}
}

// within reports whether folder is the pattern's, "x" or "x/...".
func within(folder, pattern string) bool {
	root, all := strings.CutSuffix(pattern, "/...")
	return folder == root || all && strings.HasPrefix(folder, root+"/")
}

// below reports whether a package lies at or below prefix, which may end in a slash.
func below(imported, prefix string) bool {
	return imported == prefix || strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/")
}

// special checks the imports that need more than a layer. Tests are bound too: the default build has no cgo.
func (c *checker) special() {
	for _, imported := range c.imports {
		switch {
		case imported == "unsafe" && !slices.Contains(mayBeUnsafe(), c.name):
			c.addf("unsafe outside of the files that need it")
		case imported == "C" && !c.tagged && !slices.Contains(mayBeCgo(), c.name):
			c.addf("cgo outside of the build tag wasmtime")
		case below(imported, "github.com/bytecodealliance/wasmtime-go") && !c.tagged:
			c.addf("%s, which is cgo, outside of the build tag wasmtime", imported)
		case imported == module+"/runtimes/wasmtime" && !c.tagged:
			c.addf("%s outside of the build tag wasmtime", imported)
		}
	}
}

// directives checks the comments that the compiler obeys.
func (c *checker) directives(f *ast.File) {
	for _, group := range f.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//go:wasmimport") && !slices.Contains(glue(), c.name) {
				c.addf("go:wasmimport outside of guest glue")
			}
			if strings.HasPrefix(comment.Text, "//go:linkname") {
				c.addf("go:linkname")
			}
		}
	}
}

// inits allows func init to guests, which register in it: commands that import the SDK. Tests may stand in for one.
func (c *checker) inits(f *ast.File) {
	guest := f.Name.Name == "main" && slices.Contains(c.imports, module+"/sdk")
	if guest || c.test {
		return
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.addf("func init outside of guest code")
		}
	}
}

// underWasmtime reports whether the file's build constraint cannot hold without the tag wasmtime.
func underWasmtime(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, comment := range group.List {
			if comment.Pos() > f.Package || !constraint.IsGoBuild(comment.Text) {
				continue
			}
			e, err := constraint.Parse(comment.Text)
			return err == nil && needsWasmtime(e)
		}
	}
	return false
}

func needsWasmtime(e constraint.Expr) bool {
	switch e := e.(type) {
	case *constraint.TagExpr:
		return e.Tag == "wasmtime"
	case *constraint.AndExpr:
		return needsWasmtime(e.X) || needsWasmtime(e.Y)
	case *constraint.OrExpr:
		return needsWasmtime(e.X) && needsWasmtime(e.Y)
	}
	return false
}

// TestImportsAreSeen plants a violation of each kind.
func TestImportsAreSeen(t *testing.T) {
	imports := func(names ...string) string {
		return "package p\nimport (\n_ \"" + strings.Join(names, "\"\n_ \"") + "\"\n)\n"
	}
	const guest = "package main\nimport \"bulkhead/sdk\"\nfunc init() { sdk.Tool(nil) }\n"
	for _, tt := range []struct{ name, file, source, want string }{
		{"abi imports anything", "abi/x.go", imports("fmt", "bulkhead/host/gate"), "abi may not import bulkhead/host/gate"},
		{"abi imports a library", "abi/x.go", imports("github.com/google/uuid"), "abi may not import github.com/google/uuid"},
		{"sdk imports the host", "sdk/x.go", imports("bulkhead/host/strictjson"), "may not import"},
		{"sdk imports a runtime", "sdk/x.go", imports("bulkhead/runtimes/wazero"), "may not import"},
		{"sdktest imports wasmtime", "sdk/sdktest/x.go", imports("bulkhead/runtimes/wasmtime"), "may not import"},
		{"contract imports an engine", "runtimes/x.go", imports("github.com/tetratelabs/wazero"), "may not import"},
		{"guest imports an engine", "runtimes/guest/x.go", imports("github.com/tetratelabs/wazero/api"), "may not import"},
		{"one engine imports the other", "runtimes/wazero/x.go", imports("bulkhead/runtimes/wasmtime"), "may not import"},
		{"runtime imports the host", "runtimes/wasi/x.go", imports("bulkhead/host/gate"), "may not import"},
		{"gate imports an implementation", "host/gate/x.go", imports("bulkhead/host/audit"), "may not import"},
		{"gate imports MCP", "host/gate/x.go", imports("github.com/modelcontextprotocol/go-sdk/mcp"), "may not import"},
		{"gateway imports an engine", "host/gateway/x.go", imports("bulkhead/runtimes/wazero"), "may not import"},
		{"manifest imports bundle", "host/manifest/x.go", imports("bulkhead/host/bundle"), "may not import"},
		{"prefix of a library's name", "host/manifest/x.go", imports("github.com/BurntSushi/toml2"), "may not import"},
		{"host imports a plugin", "host/x.go", imports("bulkhead/plugins/digits"), "may not import"},
		{"host imports the tests", "host/x.go", imports("bulkhead/runtimes/runtimetest"), "may not import"},
		{"plugin imports the host", "plugins/digits/x.go", imports("bulkhead/host/strictjson"), "may not import"},
		{"plugin imports a library", "plugins/digits/x.go", imports("golang.org/x/sys/unix"), "may not import"},
		{"new folder", "host/new/x.go", imports("fmt"), "no layer has the folder host/new"},
		{"new folder at the top", "x/x.go", imports("fmt"), "no layer"},
		{"the module itself", "abi/x.go", imports("bulkhead"), "may not import"},
		{"unsafe in the host", "host/gate/x.go", imports("unsafe"), "unsafe"},
		{"unsafe in a test", "sdk/x_test.go", imports("unsafe"), "unsafe"},
		{"unsafe in a runtime", "runtimes/wazero/x.go", imports("unsafe"), "unsafe"},
		{"unsafe in the bench", "bench/x.go", imports("unsafe"), "unsafe"},
		{"unsafe beside the glue", "sdk/native.go", imports("unsafe"), "unsafe"},
		{"unsafe beside the system calls", "runtimes/worker/landlock.go", imports("unsafe"), "unsafe"},
		{"cgo", "runtimes/wasmtime/x.go", imports("C"), "cgo"},
		{"cgo under another tag", "runtimes/wasmtime/x.go", "//go:build linux\n\n" + imports("C"), "cgo"},
		{"cgo without the tag", "runtimes/wasmtime/x.go", "//go:build !wasmtime\n\n" + imports("C"), "cgo"},
		{"cgo with the tag or another", "runtimes/wasmtime/x.go", "//go:build wasmtime || linux\n\n" + imports("C"), "cgo"},
		{"cgo with a constraint too late", "runtimes/wasmtime/x.go", imports("C") + "//go:build wasmtime\n", "cgo"},
		{"cgo by a library", "runtimes/wasmtime/x.go", imports("github.com/bytecodealliance/wasmtime-go/v39"), "which is cgo"},
		{"cgo by a library in a test", "bench/x_test.go", imports("github.com/bytecodealliance/wasmtime-go/v39"), "which is cgo"},
		{"wasmtime in the default host", "host/backends.go", imports("bulkhead/runtimes/wasmtime"), "outside of the build tag"},
		{"wasmimport in a plugin", "plugins/digits/x.go", "package main\n//go:wasmimport bulkhead_v1 log\nfunc log(a, b, c int32)\n", "go:wasmimport"},
		{"wasmimport in the sdk", "sdk/x.go", "package sdk\n//go:wasmimport bulkhead_v1 log\nfunc log(a, b, c int32)\n", "go:wasmimport"},
		{"linkname", "host/x.go", "package main\n//go:linkname now time.now\nfunc now()\n", "go:linkname"},
		{"init in a library", "host/gate/x.go", "package gate\nfunc init() {}\n", "func init"},
		{"init in the host", "host/x.go", "package main\nfunc init() {}\n", "func init"},
		{"init in a library that imports the sdk", "plugins/internal/x.go", strings.Replace(guest, "package main", "package x", 1), "func init"},
		{"init in a runtime", "runtimes/wazero/x.go", "package wazero\nfunc init() {}\n", "func init"},
		{"no Go", "abi/x.go", "pakcage abi", "expected 'package'"},

		{"abi", "abi/x.go", imports("encoding/json"), ""},
		{"glue", "sdk/guest_wasip1.go", "package sdk\nimport \"unsafe\"\n//go:wasmimport bulkhead_v1 log\nfunc log(a int32, b unsafe.Pointer)\n", ""},
		{"engine", "runtimes/wazero/x.go", imports("github.com/tetratelabs/wazero/api", "bulkhead/runtimes/guest"), ""},
		{"cgo with the tag", "runtimes/wasmtime/x.go", "//go:build wasmtime && (linux || darwin)\n\n" + imports("C", "github.com/bytecodealliance/wasmtime-go/v39"), ""},
		{"guest", "plugins/digits/x.go", guest, ""},
		{"method init", "host/gate/x.go", "package gate\ntype t int\nfunc (t) init() {}\n", ""},
		{"a test imports what it needs", "host/gate/x_test.go", imports("bulkhead/host/audit", "github.com/google/go-cmp/cmp"), ""},
		{"the host imports its parts", "host/x.go", imports("bulkhead/host/gate", "bulkhead/runtimes/wazero", "github.com/spf13/cobra"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(violations(tt.file, []byte(tt.source)), "; ")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
