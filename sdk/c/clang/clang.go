// Package clang compiles C guests as the folder above says: one compiler, one set of flags, the same bytes everywhere.
package clang

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Version is that of the compiler and linker which the committed modules are made with; others may make other bytes.
const Version = "19.1.7"

const compiler = "clang-19" // as Debian calls it

// ErrCompiler says that the compiler is missing or of another version.
var ErrCompiler = errors.New("guests in C need " + compiler + " " + Version + ` with its linker: Debian's packages "clang-19" and "lld-19"`)

// A Guest says what to compile.
type Guest struct {
	SDK     string   // the folder sdk/c
	Args    []string // source files, and further arguments to the compiler
	Relaxed bool     // for backends with relaxed SIMD
}

// Build compiles a guest and returns its module. Errors are ErrCompiler, or have the compiler's own words.
func Build(ctx context.Context, g Guest) ([]byte, error) {
	if err := check(ctx); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "clang")
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	defer os.RemoveAll(temp)
	module := filepath.Join(temp, "plugin.wasm")
	args := []string{"@" + filepath.Join(g.SDK, "flags")}
	if g.Relaxed {
		args = append(args, "@"+filepath.Join(g.SDK, "flags.relaxed"))
	}
	args = append(args, "-I"+g.SDK, "-o", module)
	if out, err := exec.CommandContext(ctx, compiler, append(args, g.Args...)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling %s: %w\n%s", strings.Join(g.Args, " "), err, out)
	}
	return os.ReadFile(module)
}

func check(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, compiler, "--version").Output()
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrCompiler, err)
	}
	if first, _, _ := strings.Cut(string(out), "\n"); !strings.Contains(first, "version "+Version) {
		return fmt.Errorf("%w; this is %s", ErrCompiler, first)
	}
	return nil
}
