package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"bulkhead/sdk"
)

// claim makes the condition that a claim is, or as an array contains, one of the accepted strings. A claim of any other
// type can't be judged; a missing one is not met.
func claim(name string, accepted []string) (condition, error) {
	on := fmt.Sprintf("claims.%s", name)
	if err := checkList(accepted); err != nil {
		return condition{}, fmt.Errorf("%s: %w", on, err)
	}
	return condition{on, func(f *facts) truth {
		raw, has := f.request.Principal.Claims[name]
		if !has {
			return no
		}
		return judgeClaim(raw, accepted)
	}}, nil
}

func judgeClaim(raw json.RawMessage, accepted []string) truth {
	values := []json.RawMessage{raw}
	if raw[0] == '[' {
		if sdk.Decode(raw, &values) != nil {
			return unknown
		}
	}
	result := no
	for _, v := range values {
		var s string
		if sdk.Decode(v, &s) != nil {
			result = unknown
		} else if slices.Contains(accepted, s) {
			return yes
		}
	}
	return result
}
