package machine

import (
	"strings"
	"testing"
)

func TestFacts(t *testing.T) {
	m := Here()
	facts := map[string]string{}
	for _, f := range m.Facts("golang.org/x/sys") {
		facts[f[0]] = f[1]
	}
	if facts["processors"] == "" || !strings.Contains(facts["quiet"], "stolen") || len(m.Date()) != 10 || m.Slug() == "" {
		t.Errorf("%q", facts)
	}
}
