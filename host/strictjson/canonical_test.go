package strictjson

import "testing"

func TestCanonical(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"order and spaces", `{ "b" : [ 1 , 2 ] , "a" : null }`, `{"a":null,"b":[1,2]}`},
		{"order by UTF-16 (RFC 8785, 3.2.3)", "{\"\u20ac\":1,\"\\r\":2,\"\ufb33\":3,\"1\":4,\"\U0001F600\":5,\"\u0080\":6,\"\u00f6\":7}",
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001F600\":5,\"\ufb33\":3}"},
		{"escapes (RFC 8785, 3.2.2.2)", `"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`, `"€$\u000f\nA'B\"\\\\\"/"`},
		{"numbers", `[333333333.33333329, 1E2, 4.50, 2e-3, 0.000000000000000000000000001, -0, -0.0, 10e-1]`,
			`[333333333.3333333,100,4.5,0.002,1e-27,0,0,1]`},
		{"largest integer", `[9007199254740991,-9007199254740991]`, `[9007199254740991,-9007199254740991]`},
		{"markup stays", `"<&>\u2028"`, "\"<&>\u2028\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical([]byte(tt.in))
			if err != nil || string(got) != tt.want {
				t.Errorf("Canonical(%s) = %s, %v; want %s", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestCanonicalRefusesNumbersThatLoseDigits(t *testing.T) {
	for _, in := range []string{
		"9007199254740992", // its neighbour, 2^53 + 1, rounds to it
		"9007199254740993", "-9007199254740993", "9007199254740994", "9007199254740992.0", "9007199254740993e0",
		"90071992547409930e-1", "18446744073709551615", "1e21", "1e308", "1e309", "-1e400", "[1,{\"a\":1e17}]",
	} {
		if got, err := Canonical([]byte(in)); err == nil {
			t.Errorf("Canonical(%s) = %s, want an error", in, got)
		}
	}
}
