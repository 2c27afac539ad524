package gate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// eventsInSource are the constants of event.go.
func eventsInSource(t *testing.T) (out []Event) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, Event(s))
			}
		}
		return true
	})
	return out
}

// Every event is in the catalogue, once, in the order of the constants.
func TestCatalogueHasEveryEvent(t *testing.T) {
	var got []Event
	for _, r := range Catalogue() {
		got = append(got, r.Event)
	}
	if want := eventsInSource(t); len(want) < 30 || !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// members are those of Entry, in its order.
func members() (out []string) {
	for f := range reflect.TypeFor[Entry]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

func TestCatalogueIsSound(t *testing.T) {
	for _, r := range Catalogue() {
		class, name, ok := strings.Cut(string(r.Event), ".")
		if !ok || class == "" || name == "" || r.Event.Class() != class || !r.Event.Is(class+".*") || !r.Event.Is(string(r.Event)) {
			t.Errorf("%s is no name of an event", r.Event)
		}
		if r.From == Off || r.Mandatory && r.From != Minimal || r.Text == "" || len(r.Kinds) == 0 {
			t.Errorf("%+v", r)
		}
		all := members()
		at := -1
		for _, m := range r.Members {
			i := slices.Index(all, m)
			if i <= at || slices.Contains(Always(), m) || slices.Contains(Common(), m) {
				t.Errorf("%s: %s is out of order, unknown, or in every entry", r.Event, m)
			}
			at = i
		}
		if !slices.Equal(r.At(Detailed), r.Members) || len(r.At(Off)) != 0 {
			t.Errorf("%s: at detailed %q", r.Event, r.At(Detailed))
		}
	}
	for _, m := range members() {
		used := slices.ContainsFunc(Catalogue(), func(r Record) bool { return slices.Contains(r.Members, m) })
		if !used && !slices.Contains(Always(), m) && !slices.Contains(Common(), m) {
			t.Errorf("no event has the member %s", m)
		}
	}
	if _, ok := Find("call.nonsense"); ok || Matching("call") != nil || Matching("*") != nil || Matching(".*") != nil || len(Matching("call.*")) != 3 {
		t.Error("a pattern means what it should not")
	}
}

// What no selection may leave out: refusals, decisions, results, uses of secrets, the plugins' own words, and whatever
// happens to host, configuration, plugins, keys, clock and log.
func TestMandatoryEvents(t *testing.T) {
	var optional []Event
	for _, r := range Catalogue() {
		if !r.Mandatory {
			optional = append(optional, r.Event)
		}
	}
	if want := []Event{PluginLoad, AuthSuccess, CapabilityInfer, QuotaExceed, CacheReject}; !slices.Equal(optional, want) {
		t.Errorf("optional are %q, want %q", optional, want)
	}
}

func TestLevels(t *testing.T) {
	for _, l := range []Level{Off, Minimal, Standard, Detailed} {
		if got, err := ParseLevel(l.String()); got != l || err != nil {
			t.Errorf("%v: %v, %v", l, got, err)
		}
	}
	for _, s := range []string{"", "OFF", "none", "level 4", strings.Repeat("x", 1000)} {
		if l, err := ParseLevel(s); err == nil || l != Off || len(err.Error()) > 200 {
			t.Errorf("%.20q: %v, %v", s, l, err)
		}
	}
	if s := Level(-1).String() + Level(4).String(); s != "level -1level 4" {
		t.Error(s)
	}
}

// The members of each level are what testdata says, and nothing else.
func TestLevelsGolden(t *testing.T) {
	var got strings.Builder
	for _, l := range []Level{Minimal, Standard, Detailed} {
		for _, r := range Catalogue() {
			if r.From <= l {
				fmt.Fprintln(&got, l, r.Event, strings.Join(r.At(l), " "))
			}
		}
	}
	want, err := os.ReadFile("testdata/levels.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("testdata/levels.txt should be\n%s", got.String())
	}
}
