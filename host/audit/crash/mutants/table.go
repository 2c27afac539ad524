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

func mutants() []mutant {
	return []mutant{
		{"fsync of a batch", []edit{{writer, "err := w.file.Sync(); err != nil {\n\t\tw.repair()", "err := error(nil); err != nil {\n\t\tw.repair()"}}},
		{"fsync of the folder with a new segment", []edit{{rotation, "err := safefile.Sync(root); err != nil", "err := error(nil); err != nil"}}},
		{"write before the acknowledgement", []edit{
			{writer, "\terr := w.write(b)\n", "\tw.prove(b)\n\tfor _, r := range w.batch {\n\t\tr.done <- nil\n\t}\n\terr := w.write(b)\n"}, {writer, answer, again},
		}},
		{"fsync before the acknowledgement", []edit{
			{writer, "\tif err := w.file.Sync(); err != nil {\n\t\tw.repair()", "\tw.prove(b)\n\tfor _, r := range w.batch {\n\t\tr.done <- nil\n\t}\n\tif err := w.file.Sync(); err != nil {\n\t\tw.repair()"}, {writer, answer, again},
		}},
		{"end after a failed fsync", []edit{{writer, "err := w.file.Sync(); err != nil {\n\t\tw.repair()", "err := errors.Join(w.file.Sync()); err != nil && w.file.Sync() != nil {\n\t\tw.repair()"}}},
		{"look at the segment before a write", []edit{{writer, "err := w.undisturbed(); err != nil", "err := error(nil); err != nil"}}},
		{"entry that the disk is full", []edit{{writer, "\t\tw.recordFull(cause)\n", ""}}},
		{"hash of a line", []edit{{line, "if hashOf(r.body) != r.hash {", "if false {"}}},
		{"chain at a start", []edit{{scan, "err := p.chain.check(rec); err != nil", "err := error(nil); err != nil"}}},
		{"root of a seal at a start", []edit{{scan, "if r.tree.Root() != s.root {", "if false {"}}},
		{"signature of the last seal at a start", []edit{{scan, "if r.size > 0 && !r.Signer", "if false && !r.Signer"}}},
		{"checkpoint against the segments at a start", []edit{{scan, "err = r.compare()", "err = nil"}}},
		{"cut of a torn tail", []edit{{scan, "err = r.cut()", "err = nil"}}},
		{"withdrawal of an empty segment", []edit{{scan, "err = begun.withdraw(r.root)", "err = nil"}}},
		{"fsync at a start", []edit{{recovery, "err := w.file.Sync(); err != nil", "err := error(nil); err != nil"}}},
		{"partial results", []edit{{recovery, "w.decisions.pending(), w.closeDecision", "w.decisions.pending()[:0], w.closeDecision"}}},
		{"replacing the checkpoint as a whole", []edit{{rotation, "safefile.Replace(w.root, CheckpointName, note)", "w.root.WriteFile(CheckpointName, note, 0o600)"}}},
		{"fsync of what is replaced", []edit{{replace, "err = f.Sync()", "err = nil"}}},
		{"publishing before a new segment", []edit{{rotation, "err := w.publish(); err != nil", "err := error(nil); err != nil"}}},
		{"tiles before a new segment", []edit{{rotation, "err := w.tiles.settle(); err != nil", "err := error(nil); err != nil"}}},
		{"entry before a pruning", []edit{{pruning, "\tif _, err := l.Append(ctx, e); err != nil {\n\t\treturn Pruned{}, err\n\t}\n\treturn p, l.writer.remove(p)\n",
			"\tif err := l.writer.remove(p); err != nil {\n\t\treturn Pruned{}, err\n\t}\n\t_, err = l.Append(ctx, e)\n\treturn p, err\n"}}},
	}
}

// answer is where the writer tells its callers, and again the same for those who may have been told already.
const (
	answer = "\tif err == nil {\n\t\tw.prove(b)\n\t}\n\tfor _, r := range w.batch {\n\t\tr.done <- err\n\t}\n"
	again  = "\tfor _, r := range w.batch {\n\t\tselect {\n\t\tcase r.done <- err:\n\t\tdefault:\n\t\t}\n\t}\n"
)
