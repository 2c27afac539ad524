package keys

import (
	"bytes"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/signature"
	"github.com/tink-crypto/tink-go/v2/signature/compositemldsa"
	tinked25519 "github.com/tink-crypto/tink-go/v2/signature/ed25519"
	tinkmldsa "github.com/tink-crypto/tink-go/v2/signature/mldsa"
)

// must keeps the many constructors of tink readable.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func tinkHandle(seed []byte) *keyset.Handle {
	secret := func(b []byte) secretdata.Bytes {
		return secretdata.NewBytesFromData(b, insecuresecretdataaccess.Token{})
	}
	m := must(tinkmldsa.NewPrivateKey(secret(seed[:32]), 0, must(tinkmldsa.NewParameters(tinkmldsa.MLDSA65, tinkmldsa.VariantNoPrefix))))
	e := must(tinked25519.NewPrivateKey(secret(seed[32:]), 0, must(tinked25519.NewParameters(tinked25519.VariantNoPrefix))))
	k := must(compositemldsa.NewPrivateKey(m, e, 0, must(compositemldsa.NewParameters(compositemldsa.Ed25519, compositemldsa.MLDSA65, compositemldsa.VariantNoPrefix))))
	manager := keyset.NewManager()
	id := must(manager.AddKey(k))
	if err := manager.SetPrimary(id); err != nil {
		panic(err)
	}
	return must(manager.Handle())
}

// tink-go knows the composite for the empty context only.
func TestTink(t *testing.T) {
	seed := bytes.Repeat([]byte{9}, SeedSize)
	seed[63] = 1
	handle := tinkHandle(seed)
	k := must(NewPrivate(seed))
	message := []byte("said to both")

	theirs := must(must(signature.NewSigner(handle)).Sign(message))
	if err := k.Public().Verify(message, "", theirs); err != nil {
		t.Errorf("tink's signature: %v", err)
	}
	if err := k.Public().Verify(message, "bulkhead/plugin/v1", theirs); err == nil {
		t.Error("tink's signature verifies in a context")
	}
	verifier := must(signature.NewVerifier(must(handle.Public())))
	if err := verifier.Verify(must(k.Sign(message, "")), message); err != nil {
		t.Errorf("tink refuses ours: %v", err)
	}
	if err := verifier.Verify(must(k.Sign(message, "bulkhead/plugin/v1")), message); err == nil {
		t.Error("tink accepts a signature made in a context")
	}
}
