package main

import (
	"fmt"
	"strings"
)

// A mutant is the log without one guard.
type mutant struct {
	name  string
	edits []edit
}

// An edit replaces text that must be in a file exactly once.
type edit struct{ file, old, new string }

func (e edit) apply(text string) (string, error) {
	if n := strings.Count(text, e.old); n != 1 {
		return "", fmt.Errorf("%s has %q %d times, not once: the table of mutants must follow the code", e.file, e.old, n)
	}
	return strings.Replace(text, e.old, e.new, 1), nil
}

// A test is one of the suite's, with how much of it to run.
type test struct {
	label, name string
	args        []string
}

func tests() []test {
	return []test{
		{"kill", "TestKilledHostLosesNothing", nil},
		{"n-loop", "TestEveryFaultFailsClosedAndLosesNothing", nil},
		{"power cut", "TestPowerCutAfterAnyCall", nil},
		{"power cut in recovery", "TestPowerCutWhileRecovering", nil},
	}
}

func mutants() []mutant {
	const (
		writer   = "host/audit/writer.go"
		recovery = "host/audit/recover.go"
		line     = "host/audit/line.go"
	)
	return []mutant{
		{"fsync after a write", []edit{{writer, "err = w.file.Sync()\n\t}\n\tif err", "err = nil\n\t}\n\tif err"}}},
		{"fsync of the folder", []edit{{recovery, "if err := syncDir(c.Dir); err != nil {\n\t\treturn nil, err\n\t}\n", ""}}},
		{"write before acknowledging", []edit{{writer, "\tfor _, r := range w.batch {\n\t\tr.done <- err\n\t}", "\t_ = err"},
			{writer, "\tvar err error\n\tif len(w.batch) > 0 {", "\tvar err error\n\tfor _, r := range w.batch {\n\t\tr.done <- nil\n\t}\n\tif len(w.batch) > 0 {"}}},
		{"end after a failed fsync", []edit{{writer, "\tif err != nil {\n\t\tw.repair()", "\tif err != nil {\n\t\terr = w.file.Sync()\n\t}\n\tif err != nil {\n\t\tw.repair()"}}},
		{"cut of a torn tail", []edit{{recovery, "errors.Is(err, errTorn) {\n", "errors.Is(err, errTorn) && false {\n"}}},
		{"hash check", []edit{{line, "if hashOf(r.body) != r.hash {", "if false {"}}},
	}
}
