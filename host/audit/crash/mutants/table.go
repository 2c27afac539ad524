package main

import (
	"fmt"
	"slices"
	"strings"
)

// A mutant is the log without one guard.
type mutant struct {
	name  string
	first string // label of the test to begin with
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
		{"cut", "TestPowerCutAfterAnyCall", []string{"-only", "300"}},
		{"cut in recovery", "TestPowerCutWhileRecovering", []string{"-only", "20"}},
		{"n-loop", "TestEveryFaultFailsClosedAndLosesNothing", []string{"-only", "300"}},
		{"model", "TestModel", []string{"-only", "600"}},
		{"kill", "TestKilledHostLosesNothing", nil},
		{"full disk", "TestPeerRootFullDisk", nil},
		{"ext4", "TestPeerRootPowerCut", []string{"-only", "10"}},
	}
}

const (
	writer   = "host/audit/writer.go"
	recovery = "host/audit/recover.go"
	scan     = "host/audit/scan.go"
	rotation = "host/audit/rotate.go"
	pruning  = "host/audit/prune.go"
	line     = "host/audit/line.go"
	replace  = "host/safefile/replace.go"
)

// order puts the test that should notice a mutant before the others.
func (m mutant) order() []test {
	all := tests()
	slices.SortStableFunc(all, func(a, b test) int {
		switch m.first {
		case a.label:
			return -1
		case b.label:
			return 1
		}
		return 0
	})
	return all
}

func mutants() []mutant {
	return []mutant{
		{"fsync of a batch", "cut", []edit{{writer, "err := w.file.Sync(); err != nil {\n\t\tw.repair()", "err := error(nil); err != nil {\n\t\tw.repair()"}}},
		{"fsync of the folder with a new segment", "cut", []edit{{rotation, "err := safefile.Sync(root); err != nil", "err := error(nil); err != nil"}}},
		{"write before the acknowledgement", "cut", []edit{
			{writer, "\terr := w.write(b)\n", "\tw.prove(b)\n\tfor _, r := range w.batch {\n\t\tr.done <- nil\n\t}\n\terr := w.write(b)\n"}, {writer, answer, again},
		}},
		{"fsync before the acknowledgement", "cut", []edit{
			{writer, "\tif err := w.file.Sync(); err != nil {\n\t\tw.repair()", "\tw.prove(b)\n\tfor _, r := range w.batch {\n\t\tr.done <- nil\n\t}\n\tif err := w.file.Sync(); err != nil {\n\t\tw.repair()"}, {writer, answer, again},
		}},
		{"end after a failed fsync", "n-loop", []edit{{writer, "err := w.file.Sync(); err != nil {\n\t\tw.repair()", "err := errors.Join(w.file.Sync()); err != nil && w.file.Sync() != nil {\n\t\tw.repair()"}}},
		{"look at the segment before a write", "n-loop", []edit{{writer, "err := w.undisturbed(); err != nil", "err := error(nil); err != nil"}}},
		{"entry that the disk is full", "full disk", []edit{{writer, "\t\tw.recordFull(cause)\n", ""}}},
		{"hash of a line", "model", []edit{{line, "if hashOf(r.body) != r.hash {", "if false {"}}},
		{"chain at a start", "model", []edit{{scan, "err := p.chain.check(rec); err != nil", "err := error(nil); err != nil"}}},
		{"root of a seal at a start", "model", []edit{{scan, "if r.tree.Root() != s.root {", "if false {"}}},
		{"signature of the last seal at a start", "model", []edit{{scan, "if r.size > 0 && !r.Signer", "if false && !r.Signer"}}},
		{"checkpoint against the segments at a start", "model", []edit{{scan, "err = r.compare()", "err = nil"}}},
		{"cut of a torn tail", "model", []edit{{scan, "err = r.cut()", "err = nil"}}},
		{"withdrawal of an empty segment", "cut", []edit{{scan, "err = begun.withdraw(r.root)", "err = nil"}}},
		{"fsync at a start", "cut in recovery", []edit{{recovery, "err := w.file.Sync(); err != nil", "err := error(nil); err != nil"}}},
		{"partial results", "kill", []edit{{recovery, "w.decisions.pending(), w.closeDecision", "w.decisions.pending()[:0], w.closeDecision"}}},
		{"replacing the checkpoint as a whole", "cut", []edit{{rotation, "safefile.Replace(w.root, CheckpointName, note)", "w.root.WriteFile(CheckpointName, note, 0o600)"}}},
		{"fsync of what is replaced", "cut", []edit{{replace, "err = f.Sync()", "err = nil"}}},
		{"publishing before a new segment", "cut", []edit{{rotation, "err := w.publish(); err != nil", "err := error(nil); err != nil"}}},
		{"tiles before a new segment", "cut", []edit{{rotation, "err := w.tiles.settle(); err != nil", "err := error(nil); err != nil"}}},
		{"entry before a pruning", "cut", []edit{{pruning, "\tif _, err := l.push(ctx, e); err != nil {", "\tif err := l.writer.remove(p); err != nil {\n\t\treturn p, err\n\t}\n\tif _, err := l.push(ctx, e); err != nil {"}}},
	}
}

// answer is where the writer tells its callers, and again the same for those who may have been told already.
const (
	answer = "\tif err == nil {\n\t\tw.prove(b)\n\t}\n\tfor _, r := range w.batch {\n\t\tr.done <- err\n\t}\n"
	again  = "\tfor _, r := range w.batch {\n\t\tselect {\n\t\tcase r.done <- err:\n\t\tdefault:\n\t\t}\n\t}\n"
)
