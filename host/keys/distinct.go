package keys

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"filippo.io/mldsa"
)

// A Use is one place where a key serves, such as "publisher acme" or "plugin inspect, sign slot report".
type Use struct {
	Where  string
	Public []byte // raw form of any public key
}

// Distinct returns an error that names every pair of uses sharing a key or one component of one that has several: a component that
// serves twice, alone or in another composite, voids the composite's security argument.
func Distinct(uses ...Use) error {
	var problems []error
	seen := map[string]string{} // component, by kind and bytes, to where it serves
	for _, u := range uses {
		parts, err := components(u)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, c := range parts {
			if first, ok := seen[c]; ok {
				problems = append(problems, fmt.Errorf("%s and %s share a key\nhint: make one key pair for each with `host key new`", first, u.Where))
				break
			}
			seen[c] = u.Where
		}
	}
	return errors.Join(problems...)
}

func components(u Use) ([]string, error) {
	raw := u.Public
	switch len(raw) {
	case AuditPublicSize:
		return append(halves(raw[:PublicSize]), "ed25519 "+string(raw[PublicSize:][:ed25519.PublicKeySize]), "mldsa "+string(raw[PublicSize+ed25519.PublicKeySize:])), nil
	case WitnessPublicSize:
		return []string{"ed25519 " + string(raw[:ed25519.PublicKeySize]), "mldsa " + string(raw[ed25519.PublicKeySize:])}, nil
	case PublicSize:
		return halves(raw), nil
	case ed25519.PublicKeySize:
		return []string{"ed25519 " + string(raw)}, nil
	}
	return nil, fmt.Errorf("%s: a public key of %d bytes is of no known kind", u.Where, len(raw))
}

func halves(composite []byte) []string {
	return []string{"mldsa " + string(composite[:mldsa.MLDSA65PublicKeySize]), "ed25519 " + string(composite[mldsa.MLDSA65PublicKeySize:])}
}
