package floor

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// memory is a Store that counts what is written.
type memory struct {
	files  map[string][]byte
	writes int
	fail   error
}

func (m *memory) Read(name string, limit int64) ([]byte, error) {
	data, ok := m.files[name]
	if !ok {
		return nil, os.ErrNotExist
	}
	if int64(len(data)) > limit {
		return nil, errors.New("too large")
	}
	return data, nil
}

func (m *memory) Write(name string, data []byte) error {
	if m.fail != nil {
		return m.fail
	}
	m.files[name] = data
	m.writes++
	return nil
}

func newMemory() *memory { return &memory{files: map[string][]byte{}} }

func key(k string) func([]byte) []byte {
	return func(data []byte) []byte {
		h := hmac.New(sha256.New, []byte(k))
		h.Write(data)
		return h.Sum(nil)
	}
}

func open(t *testing.T, c Config) *Floor {
	t.Helper()
	f, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sum(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

func plugin(version string, epoch uint64, digest, tools string, requests ...string) Plugin {
	return Plugin{Name: "acme/inspect", Version: version, Epoch: epoch, Digest: sum(digest), Tools: sum(tools), Requests: requests}
}

var errDisk = errors.New("disk full")

func TestTruth(t *testing.T) {
	old := plugin("1.2.0", 3, "a", "t", "log", "sign:report")
	const never, accept, passes = "never", "accept", "passes"
	for _, tt := range []struct {
		name   string
		serial int64
		plugin Plugin
		want   string
		says   string
	}{
		{"the same", 5, old, passes, ""},
		{"the same, requests in another order", 5, plugin("1.2.0", 3, "a", "t", "sign:report", "log", "log"), passes, ""},
		{"higher serial", 6, old, passes, ""},
		{"lower serial", 4, old, never, "serial 4 is lower than 5"},
		{"higher version", 5, plugin("1.10.0", 3, "b", "t", "log"), passes, ""},
		{"higher epoch", 5, plugin("1.2.1", 4, "b", "t", "log"), passes, ""},
		{"lower version", 5, plugin("1.1.9", 3, "a", "t", "log"), never, "version 1.1.9 is lower than 1.2.0"},
		{"pre-release of the same", 5, plugin("1.2.0-rc.1", 3, "a", "t", "log"), never, "lower than 1.2.0"},
		{"lower epoch under a higher version", 5, plugin("2.0.0", 2, "b", "t", "log"), never, "security epoch 2 is lower than 3"},
		{"other digest, same version", 5, plugin("1.2.0", 3, "b", "t", "log"), accept, "version 1.2.0 has digest"},
		{"another build of the version", 5, plugin("1.2.0+2", 3, "b", "t", "log"), accept, "version 1.2.0+2 has digest"},
		{"other tools, higher version", 5, plugin("1.3.0", 3, "b", "u", "log"), accept, "tool definitions changed"},
		{"wider requests", 5, plugin("1.3.0", 3, "b", "t", "log", "sign:report", "sign:other", "infer:x"), accept,
			"asks for more than before: infer:x, sign:other"},
		{"lower serial cannot hide behind an acceptable change", 4, plugin("1.2.0", 3, "b", "t", "log"), never, "serial"},
		{"another name", 5, Plugin{Name: "acme/other", Version: "0.0.1", Digest: sum(""), Tools: sum("")}, passes, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, accepting := range []bool{false, true} {
				f := open(t, Config{Store: newMemory()})
				if _, err := f.Raise(Set{Serial: 5, Plugins: []Plugin{old}}, false); err != nil {
					t.Fatal(err)
				}
				ok := tt.want == passes || tt.want == accept && accepting
				changes, err := f.Raise(Set{Serial: tt.serial, Plugins: []Plugin{tt.plugin}}, accepting)
				if ok != (err == nil) || !strings.Contains(fmt.Sprint(err, changes), tt.says) {
					t.Errorf("accepting %t: changes %v, error %v", accepting, changes, err)
				}
				var refusal *Refusal
				if !ok && (!errors.As(err, &refusal) || (tt.want == accept) != strings.Contains(err.Error(), "--accept")) {
					t.Errorf("accepting %t: error is %v", accepting, err)
				}
				if wantList := ok && tt.want == accept; wantList != (len(changes) > 0) {
					t.Errorf("accepting %t: reported changes %v", accepting, changes)
				}
			}
		})
	}
}

func TestFloorOutlivesTheHost(t *testing.T) {
	m := newMemory()
	c := Config{Store: m, MAC: key("k")}
	f := open(t, c)
	if !f.Fresh() {
		t.Error("not fresh")
	}
	p := plugin("1.0.0", 1, "a", "t", "log", "<&>")
	if _, err := f.Raise(Set{Serial: 1, Plugins: []Plugin{p}}, false); err != nil || f.Fresh() {
		t.Fatal(err, f.Fresh())
	}
	g := open(t, c)
	if g.Fresh() || g.serial != 1 || !reflect.DeepEqual(g.plugins["acme/inspect"], p.normal()) {
		t.Errorf("read back %+v", g)
	}
	if _, err := g.Raise(Set{Serial: 1, Plugins: []Plugin{p}}, false); err != nil || m.writes != 1 {
		t.Errorf("an unchanged floor was written again: %d writes, %v", m.writes, err)
	}
	if _, err := g.Raise(Set{Serial: 2}, false); err != nil { // the plugin leaves
		t.Fatal(err)
	}
	if _, err := open(t, c).Check(Set{Serial: 2, Plugins: []Plugin{plugin("0.9.0", 1, "a", "t")}}, true); err == nil {
		t.Error("a plugin came back older than it left")
	}
}

func TestCheckAndFailedRaiseChangeNothing(t *testing.T) {
	m := newMemory()
	f := open(t, Config{Store: m})
	set := Set{Serial: 7, Plugins: []Plugin{plugin("1.0.0", 1, "a", "t")}}
	if _, err := f.Check(set, true); err != nil || m.writes != 0 {
		t.Fatal(err, m.writes)
	}
	m.fail = errDisk
	if _, err := f.Raise(set, false); !errors.Is(err, errDisk) {
		t.Fatalf("a failed write passed: %v", err)
	}
	if !f.Fresh() || f.serial != 0 || len(f.plugins) != 0 {
		t.Errorf("floor rose without being written: %+v", f)
	}
}

func TestRefusesWhatItCannotRemember(t *testing.T) {
	good := plugin("1.0.0", 1, "a", "t")
	other := good
	other.Digest = sum("b")
	change := func(f func(*Plugin)) Set { p := good; f(&p); return Set{Serial: 1, Plugins: []Plugin{p}} }
	for name, set := range map[string]Set{
		"no serial":          {Plugins: []Plugin{good}},
		"negative serial":    {Serial: -1},
		"serial at the end":  {Serial: 1 << 53},
		"one name, two":      {Serial: 1, Plugins: []Plugin{good, other}},
		"no name":            change(func(p *Plugin) { p.Name = "" }),
		"no version":         change(func(p *Plugin) { p.Version = "" }),
		"no digest":          change(func(p *Plugin) { p.Digest = "" }),
		"capital digest":     change(func(p *Plugin) { p.Digest = strings.ToUpper(p.Digest) }),
		"no tools":           change(func(p *Plugin) { p.Tools = "" }),
		"epoch at the end":   change(func(p *Plugin) { p.Epoch = 1 << 53 }),
		"version of a tag":   change(func(p *Plugin) { p.Version = "v1.0.0" }),
		"two-part version":   change(func(p *Plugin) { p.Version = "1.0" }),
		"line in version":    change(func(p *Plugin) { p.Version = "1.0.0\n" }),
		"one name, two eras": {Serial: 1, Plugins: []Plugin{good, plugin("2.0.0", 1, "a", "t")}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := open(t, Config{Store: newMemory()}).Raise(set, true); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := open(t, Config{Store: newMemory()}).Raise(Set{Serial: 1, Plugins: []Plugin{good, good}}, false); err != nil {
		t.Errorf("one bundle under two aliases: %v", err)
	}
	if _, err := Open(Config{}); err == nil {
		t.Error("no store accepted")
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	m := newMemory()
	if _, err := open(t, Config{Store: m, MAC: key("k")}).Raise(Set{Serial: 3, Plugins: []Plugin{plugin("1.0.0", 1, "a", "t")}}, false); err != nil {
		t.Fatal(err)
	}
	good := string(m.files[fileName])
	unsigned := newMemory()
	if _, err := open(t, Config{Store: unsigned}).Raise(Set{Serial: 9}, false); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, content string
		mac           func([]byte) []byte
	}{
		{"empty", "", key("k")},
		{"lower serial", strings.Replace(good, `"serial":3`, `"serial":2`, 1), key("k")},
		{"MAC taken off", good[:strings.Index(good, `,"mac"`)] + "}", key("k")},
		{"MAC emptied", good[:strings.Index(good, `,"mac"`)] + `,"mac":""}`, key("k")},
		{"capital MAC", strings.Replace(good, `"mac":"`, `"MAC":"`, 1), key("k")},
		{"another host's", good, key("l")},
		{"signed, but no key", good, nil},
		{"unsigned, but a key", string(unsigned.files[fileName]), key("k")},
		{"second value", good + "{}", key("k")},
		{"unsigned, serial 0", `{"body":{"serial":0,"plugins":{}}}`, nil},
		{"unsigned, null", `null`, nil},
		{"unsigned, no body", `{}`, nil},
		{"unsigned, null body", `{"body":null}`, nil},
		{"unsigned, two serials", `{"body":{"serial":9,"serial":1,"plugins":{}}}`, nil},
		{"unsigned, unknown member", `{"body":{"serial":9,"plugins":{},"x":1}}`, nil},
		{"unsigned, bad plugin", `{"body":{"serial":9,"plugins":{"a/b":{"version":"x"}}}}`, nil},
		{"too large", strings.Repeat(" ", maxFile) + good, key("k")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			m.files[fileName] = []byte(tt.content)
			if f, err := Open(Config{Store: m, MAC: tt.mac}); err == nil {
				t.Errorf("opened at serial %d", f.serial)
			}
		})
	}
	for i := range good {
		flipped := []byte(good)
		flipped[i] ^= 1
		m := newMemory()
		m.files[fileName] = flipped
		if _, err := Open(Config{Store: m, MAC: key("k")}); err == nil {
			t.Errorf("a flipped bit in byte %d passed: %s", i, flipped)
		}
	}
}
