package bundle

import (
	"fmt"
	"strings"
	"testing"
)

// Work that is dear for its size ends in the step budget, and the same asked in reason does not.
func TestDearKeywordsAreCharged(t *testing.T) {
	var dear []string
	for n := range 8 {
		dear = append(dear, fmt.Sprintf(`{"pattern":"^((a|b|c|)?){%d}$"}`, 100+n))
	}
	patterns := `{"type":"object","properties":{"l":{"type":"array","items":{"allOf":[` + strings.Join(dear, ",") + `]}}}}`
	multiples := `{"type":"object","properties":{"l":{"type":"array","items":{"multipleOf":0.01}}}}`
	for _, tt := range []struct {
		name, schema, item string
		n                  int
		ok                 bool
	}{
		{"empty strings against large patterns", patterns, `""`, 50_000, false},
		{"a few of them", patterns, `""`, 100, true},
		{"many decimal fractions", multiples, `1.25`, 90_000, false},
		{"a few of them", multiples, `1.25`, 1_000, true},
		{"many integers", strings.Replace(multiples, "0.01", "5", 1), `10`, 90_000, true},
		{"integers that are none", strings.Replace(multiples, "0.01", "5", 1), `11`, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := CompileSchema([]byte(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			data := `{"l":[` + strings.TrimSuffix(strings.Repeat(tt.item+",", tt.n), ",") + `]}`
			if err := s.Validate([]byte(data)); (err == nil) != tt.ok {
				t.Errorf("%d items: %v", tt.n, err)
			}
		})
	}
}
