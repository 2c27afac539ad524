package floor

import (
	"errors"
	"strings"
	"testing"
)

// An unauthenticated floor is taken once, by an operator's word, and still binds.
func TestPlainFloor(t *testing.T) {
	m := newMemory()
	set := Set{Serial: 9, Plugins: []Plugin{plugin("1.2.0", 1, "a", "t")}}
	if _, err := open(t, Config{Store: m}).Raise(set, false); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Store: m, MAC: key("k")}); !errors.Is(err, ErrPlain) || errors.Is(err, ErrDamaged) {
		t.Fatalf("without a word: %v", err)
	}
	f := open(t, Config{Store: m, MAC: key("k"), TakePlain: true})
	if !f.Plain() || f.Fresh() {
		t.Errorf("plain %v, fresh %v", f.Plain(), f.Fresh())
	}
	if _, err := f.Raise(Set{Serial: 8}, true); err == nil {
		t.Error("it binds nobody")
	}
	if _, err := f.Check(set, true); err != nil || m.writes != 1 {
		t.Errorf("looking at it wrote it: %v", err)
	}
	if _, err := f.Raise(set, true); err != nil || f.Plain() {
		t.Fatalf("%v, plain %v", err, f.Plain())
	}
	if f := open(t, Config{Store: m, MAC: key("k")}); f.Plain() || f.serial != 9 {
		t.Errorf("afterwards: %+v", f)
	}
}

// The word is for a file without MAC, and for no other.
func TestTakingPlainTakesNothingElse(t *testing.T) {
	m := newMemory()
	if _, err := open(t, Config{Store: m, MAC: key("k")}).Raise(Set{Serial: 3}, false); err != nil {
		t.Fatal(err)
	}
	good := string(m.files[fileName])
	for name, content := range map[string]string{
		"edited":           strings.Replace(good, `"serial":3`, `"serial":2`, 1),
		"plain, but empty": `{"body":{"serial":0,"plugins":{}}}`,
		"plain, no floor":  `{"body":{"serial":3,"plugins":{},"x":1}}`,
	} {
		m.files[fileName] = []byte(content)
		if _, err := Open(Config{Store: m, MAC: key("k"), TakePlain: true}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.files[fileName] = []byte(good)
	if f := open(t, Config{Store: m, MAC: key("k"), TakePlain: true}); f.Plain() {
		t.Error("an authenticated floor counts as plain")
	}
	if _, err := Open(Config{Store: m, TakePlain: true}); !errors.Is(err, ErrDamaged) {
		t.Errorf("without a key: %v", err)
	}
}
