package bundle

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(string) error
		good  []string
		bad   []string
	}{
		{"name", CheckName,
			[]string{"a/b", "acme/inspect-2", "0/0"},
			[]string{"", "acme", "acme/", "/x", "a/b/c", "Acme/x", "acme/-x", "-a/x", "a_b/c", "acme/x ", "acme/é", "a/" + strings.Repeat("x", 126), "acme/*", "../x"}},
		{"version", CheckVersion,
			[]string{"0.0.0", "1.2.3", "1.0.0-alpha.1", "1.0.0-0a.x-y", "1.0.0+001", "1.0.0-rc.1+build.5"},
			[]string{"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.x", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3 ", "1.-2.3", "1.2." + strings.Repeat("9", 19), "1.2.3+a+b", "1.2.3-é"}},
		{"tool name", checkToolName,
			[]string{"label", "a.b_c-1"},
			[]string{"", "Label", "a b", "a/b", strings.Repeat("x", 65)}},
		{"file name", checkFileName,
			[]string{"a", "labels.json", "testdata/a/b/c.bin", "A_b-1.x"},
			[]string{"", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a/.b", "-rf", "a\\b", "a\x00b", "a/b/c/d/e", strings.Repeat("x", 129), "é"}},
		{"text", func(s string) error { return checkText(s, 40) },
			[]string{"", "plain", "Prüft 检查 ✓ <&>", "100 \u00a0mm"},
			[]string{"a\nb", "a\tb", "a\x00b", "a\x7fb", "a\u0085b", "a\u200bb", "a\u200db", "a\u202eb", "a\u2066b", "a\ufeffb", "a\u00adb", "a\U000e0041b", "a\ufe0fb", "a\U000e0100b", "a\u115fb", "a\u2028b", "a\ue000b", "\xff", strings.Repeat("x", 41)}},
	} {
		for _, s := range c.good {
			if err := c.check(s); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for _, s := range c.bad {
			if c.check(s) == nil {
				t.Errorf("%s: %q accepted", c.name, s)
			}
		}
	}
}
