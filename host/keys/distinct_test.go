package keys

import (
	"strings"
	"testing"
)

func TestDistinct(t *testing.T) {
	a, b := testKey(t, 1).Public().Bytes(), testKey(t, 2).Public().Bytes()
	mixed := func(mldsa, ed []byte) []byte { return append(append([]byte{}, mldsa[:1952]...), ed[1952:]...) }
	for _, c := range []struct {
		name string
		uses []Use
		want string
	}{
		{"two keys", []Use{{"audit", a}, {"evidence", b}}, ""},
		{"one key twice", []Use{{"audit", a}, {"evidence", a}}, "audit and evidence share"},
		{"same ML-DSA half", []Use{{"audit", a}, {"evidence", mixed(a, b)}}, "audit and evidence share"},
		{"same Ed25519 half", []Use{{"audit", a}, {"evidence", mixed(b, a)}}, "audit and evidence share"},
		{"token key is a composite's half", []Use{{"publisher acme", a}, {"token dev", a[1952:]}}, "publisher acme and token dev share"},
		{"all pairs", []Use{{"x", a}, {"y", b}, {"z", a}, {"w", b}}, "y and w share"},
		{"strange size", []Use{{"x", a[:31]}}, "no known kind"},
	} {
		err := Distinct(c.uses...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
