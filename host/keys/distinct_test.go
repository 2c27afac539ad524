package keys

import (
	"strings"
	"testing"
)

func TestDistinct(t *testing.T) {
	a, b := testKey(t, 1).Public().Bytes(), testKey(t, 2).Public().Bytes()
	mixed := func(mldsa, ed []byte) []byte { return append(append([]byte{}, mldsa[:1952]...), ed[1952:]...) }
	log := append(append(append([]byte{}, testKey(t, 3).Public().Bytes()...), testKey(t, 4).Public().Bytes()[1952:]...), make([]byte, 1312)...)
	doubled := append(append(append([]byte{}, a...), a[1952:]...), make([]byte, 1312)...)
	other := append(append(append([]byte{}, b...), b[:32]...), log[len(log)-1312:]...)
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
		{"audit key of its own", []Use{{"audit", log}, {"evidence", a}, {"token dev", b[1952:]}}, ""},
		{"audit key's composite", []Use{{"audit", log}, {"evidence", log[:PublicSize]}}, "audit and evidence share"},
		{"half of the audit key's composite", []Use{{"audit", log}, {"evidence", mixed(a, log)}}, "audit and evidence share"},
		{"audit key's Ed25519 key", []Use{{"audit", log}, {"token dev", log[PublicSize:][:32]}}, "audit and token dev share"},
		{"audit key's Ed25519 key in a composite", []Use{{"evidence", append(append([]byte{}, a[:1952]...), log[PublicSize:][:32]...)}, {"audit", log}}, "evidence and audit share"},
		{"audit keys' ML-DSA-44 key", []Use{{"audit", log}, {"audit of another device", other}}, "share"},
		{"audit key with a component twice", []Use{{"audit", doubled}}, "audit and audit share"},
		{"strange size", []Use{{"x", a[:31]}}, "no known kind"},
	} {
		err := Distinct(c.uses...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
