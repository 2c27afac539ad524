package sdk

import (
	"reflect"
	"strings"
)

// names returns the JSON names of a struct's fields, as encoding/json sees them: those of embedded structs count as the
// struct's own unless a shallower field has the name. A name that two fields of the same depth claim is nobody's.
// encoding/json would then match it to a field that differs in case, so it must not get that far.
func names(t reflect.Type) map[string]reflect.Type {
	out, ambiguous, entered := map[string]reflect.Type{}, map[string]bool{}, map[reflect.Type]bool{t: true}
	for level := []reflect.Type{t}; len(level) > 0; {
		var deeper []reflect.Type
		found := map[string][]reflect.Type{}
		for _, s := range level {
			for i := range s.NumField() {
				name, embedded := named(s.Field(i))
				if embedded != nil && !entered[embedded] {
					deeper = append(deeper, embedded)
				}
				if name != "" {
					found[name] = append(found[name], s.Field(i).Type)
				}
			}
		}
		for name, types := range found {
			if _, shadowed := out[name]; !shadowed {
				out[name] = types[0]
				ambiguous[name] = len(types) > 1
			}
		}
		for _, s := range deeper {
			entered[s] = true
		}
		level = deeper
	}
	for name := range ambiguous {
		if ambiguous[name] {
			delete(out, name)
		}
	}
	return out
}

// named returns a field's JSON name, or the struct whose fields it embeds, or neither.
func named(f reflect.StructField) (name string, embedded reflect.Type) {
	tag := f.Tag.Get("json")
	if tag == "-" {
		return "", nil
	}
	name, _, _ = strings.Cut(tag, ",")
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case f.Anonymous && name == "" && t.Kind() == reflect.Struct:
		return "", t
	case !f.IsExported():
		return "", nil
	case name == "":
		return f.Name, nil
	}
	return name, nil
}
