package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func split(data []byte) [][]byte {
	parts := bytes.SplitAfter(data, []byte("\n"))
	return parts[:len(parts)-1]
}

func join(lines ...[]byte) []byte { return bytes.Join(lines, nil) }

// rehash gives changed bytes the hash that fits them.
func rehash(line []byte) []byte {
	body := line[hashLen+1 : len(line)-1]
	return fmt.Appendf(nil, "%s %s\n", hashOf(body), body)
}

func edit(line []byte) []byte {
	return bytes.Replace(line, []byte(`"action":"test"`), []byte(`"action":"tesx"`), 1)
}

// forge makes a good entry that follows the given one.
func forge(t *testing.T, after []byte) []byte {
	t.Helper()
	r, err := parseLine(after[:len(after)-1])
	if err != nil {
		t.Fatal(err)
	}
	r.entry.PreviousHash, r.entry.Resource = r.hash, "forged"
	line, _, err := appendLine(nil, &r.entry)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestVerifyNamesTheClassAndTheFirstBadEntry(t *testing.T) {
	const n = 10
	dir, data := made(t, n)
	l := openIn(t, dir)
	head := l.Head()
	mustClose(t, l)
	_, other := made(t, n)
	good, foreign := split(data), split(other)
	without := func(i, j int) []byte { return join(join(good[:i]...), join(good[j:]...)) }
	swapped := slices.Clone(good)
	swapped[4], swapped[5] = swapped[5], swapped[4]
	moved := slices.Concat(good[:3], good[4:8], good[3:4], good[8:])
	rewritten := slices.Clone(good[:7])
	for len(rewritten) < n {
		rewritten = append(rewritten, forge(t, rewritten[len(rewritten)-1]))
	}
	edited := func(i int) [][]byte { c := slices.Clone(good); c[i] = edit(c[i]); return c }
	rehashed := edited(5)
	rehashed[5] = rehash(rehashed[5])

	for _, c := range []struct {
		name  string
		data  []byte
		head  *Head
		class Class // "" is a good log
		index uint64
	}{
		{"untouched", data, &head, "", 0},
		{"untouched, no head", data, nil, "", 0},
		{"grown since the head", join(data, forge(t, good[n-1])), &head, "", 0},
		{"empty, no head", nil, nil, "", 0},
		{"edited first", join(edited(0)...), nil, ClassEdited, 0},
		{"edited middle", join(edited(5)...), nil, ClassEdited, 5},
		{"edited last", join(edited(n - 1)...), nil, ClassEdited, n - 1},
		{"edited, hash too", join(rehashed...), nil, ClassDeleted, 6},
		{"edited hash", join(join(good[:2]...), otherDigit(good[2][0]), good[2][1:], join(good[3:]...)), nil, ClassEdited, 2},
		{"deleted first", without(0, 1), nil, ClassDeleted, 0},
		{"deleted one", without(4, 5), nil, ClassDeleted, 4},
		{"deleted some", without(4, 8), nil, ClassDeleted, 4},
		{"swapped", join(swapped...), nil, ClassReordered, 4},
		{"moved back", join(moved...), nil, ClassReordered, 3},
		{"repeated at once", join(join(good[:4]...), good[3], join(good[4:]...)), nil, ClassInserted, 4},
		{"repeated later", join(join(good[:7]...), good[2], join(good[7:]...)), nil, ClassInserted, 7},
		{"repeated earlier", join(join(good[:2]...), good[7], join(good[2:]...)), nil, ClassInserted, 2},
		{"foreign entry inserted", join(join(good[:4]...), foreign[4], join(good[4:]...)), nil, ClassInserted, 4},
		{"forged entry inserted", join(join(good[:4]...), forge(t, good[3]), join(good[4:]...)), nil, ClassInserted, 4},
		{"spliced", join(join(good[:4]...), join(foreign[4:]...)), nil, ClassDeleted, 4},
		{"cut in a line", data[:len(data)-7], nil, ClassTorn, n - 1},
		{"cut newline", data[:len(data)-1], nil, ClassTorn, n - 1},
		{"cut between lines, no head", without(n-2, n), nil, "", 0},
		{"cut between lines", without(n-2, n), &head, ClassTruncated, n - 2},
		{"emptied", nil, &head, ClassTruncated, 0},
		{"tail written anew", join(rewritten...), &head, ClassForked, n - 1},
		{"tail written anew, no head", join(rewritten...), nil, "", 0},
		{"another log", other, &head, ClassForeign, 0},
		{"empty line", join(good[0], []byte("\n"), good[1]), nil, ClassMalformed, 1},
		{"long line", join(good[0], bytes.Repeat([]byte("x"), 3*maxLine), []byte("\n"), good[1]), nil, ClassMalformed, 1},
		{"long line without end", join(good[0], bytes.Repeat([]byte("x"), 3*maxLine)), nil, ClassTorn, 1},
		{"upper-case hash", join(bytes.ToUpper(good[0][:hashLen]), good[0][hashLen:]), nil, ClassMalformed, 0},
		{"unknown member", rehash(bytes.Replace(good[0], []byte(`{"id"`), []byte(`{"x":1,"id"`), 1)), nil, ClassMalformed, 0},
		{"duplicate member", rehash(bytes.Replace(good[0], []byte(`{"id"`), []byte(`{"id":"","id"`), 1)), nil, ClassMalformed, 0},
		{"bad time", rehash(bytes.Replace(good[0], []byte(`"timestamp":"2`), []byte(`"timestamp":"x`), 1)), nil, ClassMalformed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, err := Verify(bytes.NewReader(c.data), c.head)
			if c.class == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var p *Problem
			if !errors.As(err, &p) || p.Class != c.class || p.Index != c.index {
				t.Errorf("got %v, want %s at entry %d", err, c.class, c.index)
			}
			if report.Entries > uint64(len(split(c.data))) {
				t.Errorf("report %+v", report)
			}
		})
	}
}

// A time that goes back can only be forged: the chain holds.
func TestVerifyFindsTimeGoingBack(t *testing.T) {
	_, data := made(t, 2)
	r, err := parseLine(split(data)[1][:len(split(data)[1])-1])
	if err != nil {
		t.Fatal(err)
	}
	r.entry.Timestamp = "2001-01-01T00:00:00.000000Z"
	line, _, err := appendLine(nil, &r.entry)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Verify(bytes.NewReader(join(split(data)[0], line)), nil)
	var p *Problem
	if !errors.As(err, &p) || p.Class != ClassMalformed || p.Index != 1 {
		t.Errorf("got %v", err)
	}
}

// No flipped bit anywhere goes unseen.
func TestEveryFlippedBitIsFound(t *testing.T) {
	_, data := made(t, 3)
	for i := range data {
		for bit := range 8 {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			if _, err := Verify(bytes.NewReader(bad), nil); err == nil {
				t.Fatalf("bit %d of byte %d flipped, and nobody noticed", bit, i)
			}
		}
	}
}

// Any shuffle, loss or repetition of lines is found, given the head.
func TestRandomTamperingIsFound(t *testing.T) {
	dir, data := made(t, 12)
	l := openIn(t, dir)
	head := l.Head()
	mustClose(t, l)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		lines := slices.Clone(split(data))
		for range 1 + rng.IntN(3) {
			if len(lines) == 0 {
				break
			}
			i, j := rng.IntN(len(lines)), rng.IntN(len(lines))
			switch rng.IntN(4) {
			case 0:
				lines[i], lines[j] = lines[j], lines[i]
			case 1:
				lines = slices.Insert(lines, i, lines[j])
			case 2:
				lines = slices.Delete(lines, i, i+1)
			case 3:
				lines = lines[:j+1]
			}
		}
		bad := join(lines...)
		if bytes.HasPrefix(bad, data) {
			continue
		}
		if _, err := Verify(bytes.NewReader(bad), &head); err == nil {
			t.Fatalf("not found: %s", bad)
		}
	}
}

func TestVerifyRefusesBadHeads(t *testing.T) {
	for _, h := range []Head{
		{}, {Origin: noHash}, {Origin: noHash, Hash: noHash[1:]}, {Origin: noHash, Size: 1, Hash: strings.Repeat("1", 64)},
		{Origin: strings.Repeat("G", 64), Size: 2, Hash: noHash},
	} {
		if _, err := Verify(bytes.NewReader(nil), &h); err == nil {
			t.Errorf("%+v was accepted", h)
		}
	}
	empty := Head{Origin: noHash, Hash: noHash}
	_, data := made(t, 2)
	if _, err := Verify(bytes.NewReader(data), &empty); err != nil {
		t.Errorf("a log that grew from empty: %v", err)
	}
}

func TestHeadIsSavedAndReadStrictly(t *testing.T) {
	dir, _ := made(t, 3)
	l := openIn(t, dir)
	path := filepath.Join(t.TempDir(), "head.json")
	for range 2 { // the second time over the first
		if err := WriteHead(path, l.Head()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := ReadHead(path); err != nil || got != l.Head() {
		t.Errorf("read %+v, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("files left behind: %v", names)
	}
	good, _ := os.ReadFile(path)
	for _, bad := range []string{
		"", "null", "{}", string(good) + "{}", strings.Replace(string(good), "size", "Size", 1),
		strings.Replace(string(good), "{", `{"x":1,`, 1), strings.Repeat(" ", maxHead) + string(good),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if h, err := ReadHead(path); err == nil {
			t.Errorf("%.60q was read as %+v", bad, h)
		}
	}
}

func FuzzVerify(f *testing.F) {
	_, data := made(f, 3)
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		report, err := Verify(bytes.NewReader(in), nil)
		if err != nil {
			return
		}
		if n := bytes.Count(in, []byte("\n")); report.Entries != uint64(n) || n > 0 && in[len(in)-1] != '\n' {
			t.Errorf("%d lines, report %+v", n, report)
		}
	})
}

// otherDigit is a hex digit that is not c.
func otherDigit(c byte) []byte {
	if c == '0' {
		return []byte("1")
	}
	return []byte("0")
}
