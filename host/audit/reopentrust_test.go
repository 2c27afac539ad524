package audit

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"bulkhead/host/audit/tree"
)

// The host closes what a crash has left open in the words of the decision. They may lie in a segment that nobody has read
// since, and that somebody has edited.
func TestAnEditedDecisionIsNotClosed(t *testing.T) {
	live := t.TempDir()
	l := openIn(t, live, rotating)
	fill(t, l, 10)
	mustAppend(t, l, decision("one"))
	fill(t, l, 300)
	crashed := copied(t, live)
	for name, edit := range map[string][2]string{
		"nothing":      {},
		"an actor":     {`"actor":"alice"`, `"actor":"mallo"`},
		"a call":       {`"call":"one"`, `"call":"two"`},
		"no decision":  {`"outcome":"success"`, `"outcome":"failure"`},
		"another kind": {`"kind":"decision"`, `"kind":"host"`},
	} {
		for _, tiles := range []bool{true, false} {
			dir := copied(t, crashed)
			lines := strings.SplitAfter(string(content(t, dir, firstSegment)), "\n")
			for i, line := range lines {
				if edit[0] == "" || !strings.Contains(line, `"call.decision"`) {
					continue
				}
				edited := strings.Replace(strings.TrimSuffix(line[hashLen+1:], "\n"), edit[0], edit[1], 1)
				b, _ := appendLine(nil, []byte(edited))
				lines[i] = string(b)
			}
			overwrite(t, dir, firstSegment, []byte(strings.Join(lines, "")))
			if !tiles {
				if err := os.Remove(fileOf(dir, (tree.Tile{L: 0, N: 0, W: 256}).Path())); err != nil {
					t.Fatal(err)
				}
			}
			again, err := Open(config(t, dir, rotating))
			if err == nil {
				mustClose(t, again)
			}
			var p *Problem
			switch last := content(t, dir, segmentName(256)); {
			case edit[0] == "" && (err != nil || !bytes.Contains(last, []byte(`"outcome":"partial"`))):
				t.Errorf("%s, tiles %v: %v", name, tiles, err)
			case edit[0] != "" && (!errors.As(err, &p) || bytes.Contains(last, []byte(`"outcome":"partial"`))):
				t.Errorf("%s, tiles %v: %v", name, tiles, err)
			}
		}
	}
}
