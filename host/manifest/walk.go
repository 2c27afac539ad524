package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A walk holds decoded TOML against the table of keys.
type walk struct {
	*report
	rules []rule
}

// table visits the members of a table, then looks for missing ones.
func (w *walk) table(b *branch, at keyPath, v map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		m := b.member(name)
		if m == nil {
			w.add(at.add(name), w.suggest(b, name), "unknown key")
			continue
		}
		if m.name != nil {
			if wrong := m.name(name); wrong != "" {
				w.add(at.add(name), "", "name %s", wrong)
			}
		}
		w.value(m, at.add(name), v[name])
	}
	if b.some && len(v) == 0 {
		w.add(at, b.hint, "is empty")
	}
	for _, name := range slices.Sorted(maps.Keys(b.members)) {
		if m := b.members[name]; m.required && v[name] == nil {
			w.add(at.add(name), m.hint, "is missing")
		}
	}
}

func (w *walk) value(b *branch, at keyPath, v any) {
	switch b.kind {
	case text:
		if s, ok := v.(string); ok {
			w.one(b, at, s)
			return
		}
	case number:
		if n, ok := v.(int64); ok {
			w.checked(b, at, n)
			return
		}
	case texts:
		if list, ok := v.([]any); ok {
			w.list(b, at, list)
			return
		}
	case table:
		if t, ok := v.(map[string]any); ok {
			w.table(b, at, t)
			return
		}
	case setting:
		if t, ok := v.(map[string]any); ok {
			w.setting(at, t)
			return
		}
	}
	w.add(at, b.hint, "is %s, must be %s", nameOf(v), b.kind)
}

func (w *walk) list(b *branch, at keyPath, list []any) {
	if b.some && len(list) == 0 {
		w.add(at, b.hint, "is empty")
	}
	seen := map[string]bool{}
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			w.add(at.index(i), b.hint, "is %s, must be %s", nameOf(v), text)
			continue
		}
		if seen[s] {
			w.add(at.index(i), "", "%s stands here twice", quote(s))
		}
		seen[s] = true
		w.one(b, at.index(i), s)
	}
}

// one checks a string. What the file cannot hold plainly, an escape could.
func (w *walk) one(b *branch, at keyPath, s string) {
	if c, ok := invisible(s, ""); ok {
		w.add(at, "", "holds the character %U, which is not allowed", c)
		return
	}
	if len(s) > maxText {
		w.add(at, b.hint, "has %d bytes, at most %d are allowed", len(s), maxText)
		return
	}
	w.checked(b, at, s)
}

func (w *walk) checked(b *branch, at keyPath, v any) {
	if b.check == nil {
		return
	}
	if wrong := b.check(v); wrong != "" {
		w.add(at, b.hint, "%s", wrong)
	}
}

// suggest says what an unknown key in the table b may have meant.
func (w *walk) suggest(b *branch, name string) string {
	best, far := "", 3
	for _, known := range slices.Sorted(maps.Keys(b.members)) {
		if d := distance(strings.ToLower(strings.ReplaceAll(name, "-", "_")), known); d < far && d < len(known) {
			best, far = known, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q? Names are exact", best)
	}
	for _, r := range w.rules {
		if parent, last, ok := cutLast(r.key); ok && last == name {
			return fmt.Sprintf("%q is known in [%s]", name, parent)
		}
	}
	if len(b.members) == 0 {
		return "nothing can be set here: write {}"
	}
	return "known here: " + strings.Join(slices.Sorted(maps.Keys(b.members)), ", ")
}

func cutLast(key string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

// distance is how many single-byte edits lead from a to b; 3 for three and more.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return min(row[len(b)], 3)
}

// String is the kind in TOML's words.
func (k kind) String() string {
	return [...]string{"a string", "an array of strings", "an integer", "a table", "a table"}[k]
}

// nameOf names the type of a TOML value.
func nameOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	case []any:
		return "an array"
	case []map[string]any:
		return "an array of tables"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("a %T", v)
}
