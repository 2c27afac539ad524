package main

import (
	"strings"
	"testing"
)

// The signed examples of the RFCs, so that issuer and plugin can't be wrong together.
func TestRFCExamples(t *testing.T) {
	cases := []struct {
		name  string
		key   jwk
		token string
	}{
		{
			"RFC 8037 A.4",
			jwk{Kty: "OKP", Crv: "Ed25519", Kid: "k", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
				"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		},
		{
			"RFC 7515 A.3",
			jwk{Kty: "EC", Crv: "P-256", Kid: "k", X: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", Y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
			"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
				"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k, err := c.key.parse()
			if err != nil {
				t.Fatal(err)
			}
			at := strings.LastIndexByte(c.token, '.')
			signature, err := decodeBase64(c.token[at+1:])
			if err != nil {
				t.Fatal(err)
			}
			if err := k.verify([]byte(c.token[:at]), signature); err != nil {
				t.Errorf("the RFC's signature: %v", err)
			}
			if err := k.verify([]byte(c.token[:at-1]), signature); err == nil {
				t.Error("a shorter message: no error")
			}
		})
	}
}

// The config of README.md.
func TestREADME(t *testing.T) {
	const config = `{"leeway":"30s","max_lifetime":"1h","issuers":{"https://id.example":{
		"audience":"https://gateway.example","prefix":"example/","claims":["role"],"keys":[
		{"kty":"OKP","crv":"Ed25519","kid":"2026-a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		{"kty":"EC","crv":"P-256","kid":"2026-b","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}},
		"anonymous":{"id":"guest"}}`
	if _, err := configure([]byte(config)); err != nil {
		t.Error(err)
	}
}
