// Command mutants removes the log's guards, one at a time, and runs the crash suite against what is left. A guard whose
// absence no test notices is no guard. Run it in the module's root: make crash-mutants.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// patience is how long one test may take on one mutant: a log without a guard may also hang.
const patience = 5 * time.Minute

func main() {
	only := flag.String("only", ".", "run the mutants whose name matches this")
	all := flag.Bool("all", false, "run every test on every mutant, not only up to the first that notices")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *all); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, all bool) error {
	choice, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("| guard removed | found by |\n|---|---|\n")
	if found, err := (mutant{name: "none"}).try(ctx, dir, true); err != nil || len(found) > 0 {
		return fmt.Errorf("the suite fails without a mutant: %v %w", found, err)
	}
	escaped := 0
	for _, m := range mutants() {
		if !choice.MatchString(m.name) {
			continue
		}
		found, err := m.try(ctx, dir, all)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if len(found) == 0 {
			escaped++
			found = []string{"**nobody**"}
		}
		fmt.Printf("| %s | %s |\n", m.name, strings.Join(found, ", "))
	}
	if escaped > 0 {
		return fmt.Errorf("%d guards can go without a test noticing", escaped)
	}
	return nil
}

// try builds the suite with a mutant in place of the log and returns which tests fail, all or the first.
func (m mutant) try(ctx context.Context, dir string, all bool) ([]string, error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "suite")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "peers", "-overlay", overlay, "-o", binary, "./host/audit/crash")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building: %w\n%s", err, out)
	}
	var found []string
	for _, test := range m.order() {
		ok, err := passes(ctx, binary, test)
		if err != nil {
			return nil, err
		}
		if !ok {
			if found = append(found, test.label); !all {
				break
			}
		}
	}
	return found, nil
}

func passes(ctx context.Context, binary string, t test) (bool, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	cmd := exec.CommandContext(ctx, binary, append([]string{"-test.run", "^" + t.name + "$", "-test.failfast", "-seed", "1"}, t.args...)...)
	cmd.Dir = filepath.Join("host", "audit", "crash")
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "no tests to run") {
		return false, fmt.Errorf("there is no test %s", t.name)
	}
	return err == nil, nil
}

// overlay writes the mutant's files and what the go command needs to take them for the real ones.
func (m mutant) overlay(dir string) (string, error) {
	replace := map[string]string{}
	for i, e := range m.edits {
		from, err := filepath.Abs(e.file)
		if err != nil {
			return "", err
		}
		source := from
		if earlier, ok := replace[from]; ok {
			source = earlier
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return "", err
		}
		changed, err := e.apply(string(text))
		if err != nil {
			return "", err
		}
		to := filepath.Join(dir, fmt.Sprintf("%d-%s", i, filepath.Base(e.file)))
		if err := os.WriteFile(to, []byte(changed), 0o600); err != nil {
			return "", err
		}
		replace[from] = to
	}
	file := filepath.Join(dir, "overlay.json")
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, data, 0o600)
}
