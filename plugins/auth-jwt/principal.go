package main

import (
	"errors"
	"fmt"
	"strings"

	"bulkhead/abi"
)

// checkPrincipal wants 1 to abi.MaxPrincipal printable ASCII bytes without spaces, and none of the host's own prefixes.
func checkPrincipal(id string) error {
	if id == "" || len(id) > abi.MaxPrincipal {
		return fmt.Errorf("a principal has 1 to %d bytes, not %d", abi.MaxPrincipal, len(id))
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return errors.New("a principal is printable ASCII without spaces")
		}
	}
	for _, reserved := range []string{"host/", "plugin/", "system/"} {
		if strings.HasPrefix(strings.ToLower(id), reserved) {
			return fmt.Errorf("the prefix %s is the host's own", reserved)
		}
	}
	return nil
}
