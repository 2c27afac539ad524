package floor

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A version is a semantic version (semver.org 2.0.0), except for its build metadata, which has no order: two builds of
// one version differ by their digests.
type version struct {
	numbers [3]string
	pre     []string // empty: a release
}

func parseVersion(text string) (version, error) {
	const number, part = `(0|[1-9][0-9]{0,17})`, `(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`
	form := regexp.MustCompile(`^` + number + `\.` + number + `\.` + number + `(?:-(` + part + `(?:\.` + part + `)*))?(?:\+[0-9A-Za-z.-]+)?$`)
	m := form.FindStringSubmatch(text)
	if m == nil || len(text) > 128 {
		return version{}, fmt.Errorf("%.40q is no semantic version", text)
	}
	v := version{numbers: [3]string{m[1], m[2], m[3]}}
	if m[4] != "" {
		v.pre = strings.Split(m[4], ".")
	}
	return v, nil
}

// compareVersions returns -1, 0 or 1 by the precedence of semver.org, section 11. What does not parse is lowest.
func compareVersions(a, b string) int {
	v, errV := parseVersion(a)
	w, errW := parseVersion(b)
	if errV != nil || errW != nil {
		return cmp.Compare(truth(errV == nil), truth(errW == nil))
	}
	if c := slices.CompareFunc(v.numbers[:], w.numbers[:], compareNumbers); c != 0 {
		return c
	}
	if len(v.pre) == 0 || len(w.pre) == 0 {
		return cmp.Compare(truth(len(v.pre) == 0), truth(len(w.pre) == 0))
	}
	return slices.CompareFunc(v.pre, w.pre, comparePart)
}

func comparePart(a, b string) int {
	switch numA, numB := isNumber(a), isNumber(b); {
	case numA && numB:
		return compareNumbers(a, b)
	case numA != numB:
		return cmp.Compare(truth(numB), truth(numA))
	}
	return strings.Compare(a, b)
}

// compareNumbers compares decimals without leading zeros, of any length.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
