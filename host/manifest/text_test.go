package manifest

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// Texts that never get as far as the table of keys.
func TestUnreadableTexts(t *testing.T) {
	good := readFile(t, "testdata/good.toml")
	for _, tt := range []struct {
		name, text string
		line       int
		message    string
	}{
		{"byte order mark", "\ufeff" + good, 1, "character U+FEFF is not allowed"},
		{"byte order mark of UTF-16", "\xff\xfes\x00", 1, "invalid UTF-8"},
		{"invalid UTF-8 in a comment", good + "# \xff\n", strings.Count(good, "\n") + 1, "invalid UTF-8"},
		{"overlong UTF-8", "# \xc0\xaf\n" + good, 1, "invalid UTF-8"},
		{"NUL", good + "\x00", strings.Count(good, "\n") + 1, "character U+0000"},
		{"carriage return alone", "schema = 1 # \rserial = 2\n", 1, "character U+000D"},
		{"bidi in a comment", "# \u202e\n" + good, 1, "character U+202E"},
		{"bidi isolate in a string", strings.Replace(good, `"state"`, "\"st\u2066ate\"", 1), 3, "character U+2066"},
		{"zero width in a key", strings.Replace(good, "serial", "ser\u200bial", 1), 2, "character U+200B"},
		{"no-break space", strings.Replace(good, "serial = 7", "serial =\u00a07", 1), 2, "character U+00A0"},
		{"tag characters", "# \U000e0041\n", 1, "character U+E0041"},
		{"line separator", "# a\u2028state = 'x'\n", 1, "character U+2028"},
		{"escape", "# \x1b[2J\n", 1, "character U+001B"},
		{"too large", good + "#" + strings.Repeat("a", maxFile), 0, "has more than 1048576 bytes"},
		{"string of a megabyte", "a = '" + strings.Repeat("a", maxFile) + "'", 0, "has more than 1048576 bytes"},
		{"no TOML", "schema: 1\n", 1, "is not TOML"},
		{"not closed", "schema = 1\nstate = \"state\n", 2, "is not TOML"},
		{"half a table", "schema = 1\n[listen =\n", 2, "is not TOML"},
		{"value without key", "schema = 1\n= 2\n", 2, "is not TOML"},
		{"key without value", "schema =\n", 1, "is not TOML"},
		{"two on one line", "schema = 1 serial = 1\n", 1, "is not TOML"},
		{"integer out of range", "schema = 1\nserial = 9223372036854775808\n", 2, "is not TOML"},
		{"float out of range", "schema = 1e999\n", 1, "is not TOML"},
		{"key twice", "schema = 1\nschema = 1\n", 2, "defined a second time, first on line 1"},
		{"key twice by quotes", "schema = 1\n\"schema\" = 1\n", 2, "defined a second time, first on line 1"},
		{"key by escape", "\"sch\\u0065ma\" = 1\n", 0, "cannot be read without doubt"},
		{"inline table extended", "[listen]\na = {b = 1}\na.c = 2\n", 3, "defined a second time, first on line 2"},
		{"inline table extended by header", "a = {b = 1}\n[a.c]\n", 2, "defined a second time, first on line 1"},
		{"inline table extended inside", "a = {b = {c = 1}, b.d = 2}\n", 1, "defined a second time, first on line 1"},
		{"dotted table extended by header", "a.b.c = 1\n[a.b]\nd = 2\n", 2, "defined a second time, first on line 1"},
		{"dotted table reached by header", "a.b = 1\n[a.c]\n", 2, "defined a second time, first on line 1"},
		{"header extended by dots", "[a.b]\nc = 1\n[a]\nb.d = 2\n", 4, "defined a second time, first on line 1"},
		{"array extended by header", "a = [{b = 1}]\n[[a]]\n", 2, "defined a second time, first on line 1"},
		{"table as array", "[a]\n[[a]]\n", 2, "defined a second time, first on line 1"},
		{"array as table", "[[a]]\n[a]\n", 2, "defined a second time, first on line 1"},
		{"header twice", "[a]\n[b]\n[a]\n", 3, "defined a second time, first on line 1"},
		{"deep array", "a = " + strings.Repeat("[", 1<<19), 0, "values nested more than"},
		{"deep table", "a = " + strings.Repeat("{a=", 1<<18), 0, "keys of more than"},
		{"long key", strings.Repeat("a.", 1<<18) + "a = 1", 0, "keys of more than"},
		{"long header", "[" + strings.Repeat("a.", 1<<18) + "a]", 0, "keys of more than"},
		{"many keys", strings.Repeat("[[a]]\n", 1<<17), 0, "more than 10000 keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := decode("host.toml", []byte(tt.text), hostKeys())
			found := false
			for _, p := range d.list {
				found = found || p.Line == tt.line && strings.Contains(p.Message, tt.message)
				if len(p.String()) > 700 || strings.ContainsAny(p.String(), "\x1b\u202e\r\x00") {
					t.Errorf("problem is long or unprintable: %.800q", p.String())
				}
			}
			if !found {
				t.Errorf("want line %d: %s; got %v", tt.line, tt.message, d.list)
			}
		})
	}
}

func TestReadableTexts(t *testing.T) {
	good := readFile(t, "testdata/good.toml")
	for _, tt := range []struct{ name, text string }{
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n")},
		{"tabs", strings.ReplaceAll(good, " = ", "\t=\t")},
		{"words of any script", good + "# Prüfung 検査 😀\n"},
		{"quotes in strings", good + "config.a = \"\"\"a\"b\"\"c\"\"\"\"\"\nconfig.b = '''it''s'''\nconfig.c = \"\\\"#\"\nconfig.d = ''\n"},
		{"a config that looks like the rest", good + "config.a = '''\n[plugin.inspect]\nmemory = 1\n'''\nconfig.b = \"\"\"\\\n  [x]\\\"\"\"\"\n"},
		{"tables spread", good + "[plugin.spare.config.a]\nx = 1\n[plugin.spare.config]\ny = 1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := decode("host.toml", []byte(tt.text), hostKeys()); d.values == nil || len(d.list) > 0 {
				t.Errorf("problems: %v", d.list)
			}
		})
	}
}

func TestSuggestions(t *testing.T) {
	root := tree(hostKeys())
	plugin := root.members["plugin"].members["*"]
	for _, tt := range []struct {
		table *branch
		name  string
		want  string
	}{
		{plugin, "memroy", `did you mean "memory"?`},
		{plugin, "Memory", `did you mean "memory"?`},
		{plugin, "MEMORY", `did you mean "memory"?`},
		{plugin, "bundel", `did you mean "bundle"?`},
		{plugin, "grants", `did you mean "grant"?`},
		{root.members["publisher"].members["*"], "may-sign", `did you mean "may_sign"?`},
		{root, "memory", `"memory" is known in [plugin.*]`},
		{plugin, "origins", `"origins" is known in [listen]`},
		{plugin, "stateful", `"stateful" is known in [plugin.*.grant]`},
		{plugin, "deadline", "known here: backend, bundle"},
		{plugin.members["grant"].members["log"], "rate", "nothing can be set here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &walk{report: &report{}, rules: hostKeys()}
			if got := w.suggest(tt.table, tt.name); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProblemWords(t *testing.T) {
	p := &Problems{}
	for range maxProblems + 5 {
		p.List = append(p.List, Problem{File: "host.toml", Line: 3, Key: "a.b", Message: "is wrong", Hint: "do\nthis"})
	}
	text := p.Error()
	if !strings.HasPrefix(text, "host.toml:3: a.b: is wrong\n    hint: do\n          this\nhost.toml:3:") || !strings.HasSuffix(text, "\nand 5 more problems") {
		t.Errorf("%s", text)
	}
	if got := (Problem{File: "device.toml", Message: "does not exist"}).String(); got != "device.toml: does not exist" {
		t.Error(got)
	}
	if got := (keyPath{"plugin", "a b", "", "x"}).index(3).add("é").String(); got != `plugin."a b"."".x[3]."é"` {
		t.Error(got)
	}
}

// The last word on a text is that two readers saw the same keys.
func TestSameKeys(t *testing.T) {
	mine := []keyPath{{"a"}, {"a", "b"}}
	for _, tt := range []struct {
		name    string
		library []toml.Key
		want    bool
	}{
		{"the same", []toml.Key{{"a"}, {"a", "b"}}, true},
		{"one more", []toml.Key{{"a"}, {"a", "b"}, {"c"}}, false},
		{"one less", []toml.Key{{"a"}}, false},
		{"another order", []toml.Key{{"a", "b"}, {"a"}}, false},
		{"another name", []toml.Key{{"a"}, {"a", "B"}}, false},
		{"a dot in a name", []toml.Key{{"a"}, {"a.b"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sameKeys(mine, tt.library); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
