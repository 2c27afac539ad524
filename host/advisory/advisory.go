// Package advisory knows the published weaknesses of engines, as of the date of its file.
//
// The file holds what the RustSec database and the GitHub advisories that it points to say of wasmtime; for wazero none
// are published. Which of them matter with what this project switches off is our own judgement, and stands there too.
package advisory

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bulkhead/host/strictjson"
)

//go:embed advisories.json
var file []byte

// An Advisory is one published weakness.
type Advisory struct {
	ID        string      `json:"id"`   // of GitHub
	Also      []string    `json:"also"` // its other names
	Engine    string      `json:"engine"`
	Title     string      `json:"title"`
	Published string      `json:"published"` // date
	CVSS      string      `json:"cvss"`      // vector, as its publisher has it
	Clean     [][2]string `json:"clean"`     // versions that do not have it: from, and the first that does; "" is no bound
	Arch      string      `json:"arch,omitempty"`
	Matters   bool        `json:"matters"` // here, with the engine's settings
	Here      string      `json:"here"`    // why
}

// A List is what is known, and until when.
type List struct {
	Date       string     `json:"date"`    // nothing newer is known
	Engines    []string   `json:"engines"` // those of which anything would be known
	Advisories []Advisory `json:"advisories"`
}

// Known returns the list that this program was built with.
func Known() (List, error) {
	var l List
	if err := strictjson.Decode(file, &l); err != nil {
		return List{}, fmt.Errorf("decoding the list of advisories: %w", err)
	}
	return l, nil
}

// Covers reports whether anything would be known of an engine by its name and version. If not, Of says nothing about it.
func (l List) Covers(engine string) bool {
	name, _, _ := strings.Cut(engine, " ")
	return slices.Contains(l.Engines, name)
}

// Of returns what is known of an engine by its name and version, as in "wasmtime v39.0.1", on a processor of Go's name. It
// takes a version that makes no sense for one that has every weakness.
func (l List) Of(engine, arch string) []Advisory {
	name, version, _ := strings.Cut(engine, " ")
	number, ok := parse(strings.TrimPrefix(version, "v"))
	var out []Advisory
	for _, a := range l.Advisories {
		if a.Engine == name && (a.Arch == "" || a.Arch == arch) && !(ok && a.cleanIn(number)) {
			out = append(out, a)
		}
	}
	return out
}

// cleanIn reports whether a version does not have the weakness.
func (a Advisory) cleanIn(v [3]int) bool {
	for _, r := range a.Clean {
		from, _ := parse(r[0])
		to, bounded := parse(r[1])
		if !less(v, from) && (!bounded || less(v, to)) {
			return true
		}
	}
	return false
}

// parse reads a version of three numbers.
func parse(s string) (v [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != len(v) {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return [3]int{}, false
		}
		v[i] = int(n)
	}
	return v, true
}

func less(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
