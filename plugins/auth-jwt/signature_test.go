package main

import (
	"crypto/ed25519"
	"math/big"
	"strings"
	"testing"
)

// order of edwards25519 and of P-256.
func edOrder() *big.Int {
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	return l
}

// badSignatures and forms, after the ideas of Project Wycheproof.
func (w world) badSignatures() []tokenCase {
	bad := func(name, refusal, token string) tokenCase {
		return tokenCase{name: name, refusal: refusal, token: token}
	}
	ed := func(name, refusal string, change func(signature []byte) []byte) tokenCase {
		return bad(name, refusal, signer(func(m []byte) []byte { return change(w.ed(m)) }).token(edHeader(nil), payload(nil)))
	}
	ec := func(name, refusal string, sign signer) tokenCase {
		return bad(name, refusal, sign.token(ecHeader(nil), payload(nil)))
	}
	numbers := func(r, s *big.Int) signer {
		return func([]byte) []byte { return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...) }
	}
	n, one, zero := w.ec.Params().N, big.NewInt(1), new(big.Int)
	good := w.ed.token(edHeader(nil), payload(nil))
	parts := strings.Split(good, ".")
	return []tokenCase{
		ed("Ed25519: bit flipped in R", "signature is wrong", func(s []byte) []byte { s[0] ^= 1; return s }),
		ed("Ed25519: bit flipped in S", "signature is wrong", func(s []byte) []byte { s[63] ^= 1; return s }),
		ed("Ed25519: all zero", "signature is wrong", func(s []byte) []byte { return make([]byte, 64) }),
		ed("Ed25519: S grown by the order", "signature is wrong", func(s []byte) []byte { return addOrder(s) }),
		ed("Ed25519: short", "64", func(s []byte) []byte { return s[:63] }),
		ed("Ed25519: long", "64", func(s []byte) []byte { return append(s, 0) }),
		ed("Ed25519: empty", "64", func(s []byte) []byte { return nil }),
		ed("Ed25519: R of small order, S zero", "signature is wrong", func(s []byte) []byte { return append([]byte{1}, make([]byte, 63)...) }),
		ec("ES256: r and s zero", "zero", numbers(zero, zero)),
		ec("ES256: r zero", "zero", numbers(zero, one)),
		ec("ES256: s zero", "zero", numbers(one, zero)),
		ec("ES256: r and s one", "signature is wrong", numbers(one, one)),
		ec("ES256: r and s the order", "signature is wrong", numbers(n, n)),
		ec("ES256: r the order, s one", "signature is wrong", numbers(n, one)),
		ec("ES256: all ones", "signature is wrong", func([]byte) []byte { return []byte(strings.Repeat("\xff", 64)) }),
		ec("ES256: ASN.1", "64", w.ec.signASN1),
		ec("ES256: short", "64", func(m []byte) []byte { return w.ec.sign(m)[1:] }),
		ec("ES256: a zero before each number", "64", func(m []byte) []byte {
			s := w.ec.sign(m)
			return append(append([]byte{0}, s[:32]...), append([]byte{0}, s[32:]...)...)
		}),
		ec("ES256: numbers swapped", "signature is wrong", func(m []byte) []byte { s := w.ec.sign(m); return append(s[32:], s[:32]...) }),
		ec("ES256: over other words", "signature is wrong", func(m []byte) []byte { return w.ec.sign(append(m, 0)) }),
		bad("payload of another token", "signature is wrong", parts[0]+"."+b64([]byte(payload(members{"sub": "root"})))+"."+parts[2]),
		bad("header of another token", "signature is wrong", b64([]byte(edHeader(members{"typ": "JWT"})))+"."+parts[1]+"."+parts[2]),
		bad("empty", "1 parts", ""),
		bad("two parts", "2 parts", parts[0]+"."+parts[1]),
		bad("four parts", "4 parts", good+"."),
		bad("five parts, as encrypted tokens have", "5 parts", "a.b.c.d.e"),
		bad("no signature part", "64", parts[0]+"."+parts[1]+"."),
		bad("padding", "not canonical", good+"="),
		bad("a line end in the signature", "not canonical", good[:len(good)-4]+"\n"+good[len(good)-4:]),
		bad("a line end in the payload", "payload: not canonical", parts[0]+"."+parts[1][:4]+"\r\n"+parts[1][4:]+"."+parts[2]),
		bad("the other alphabet", "not canonical", parts[0]+"."+parts[1]+".+/"+parts[2][2:]),
		bad("stray bits at the end", "not canonical", strayBits(good)),
		bad("a space before", "not canonical", " "+good),
		bad("too long", "more than 8192", w.ed.token(edHeader(nil), payload(members{"x": strings.Repeat("a", 8192)}))),
		bad("JSON serialization", "parts", `{"payload":"`+parts[1]+`"}`),
	}
}

// addOrder makes the malleated twin of an Ed25519 signature: S + L, which a lax verifier takes too.
func addOrder(signature []byte) []byte {
	little := func(b []byte) []byte {
		out := make([]byte, len(b))
		for i := range b {
			out[len(b)-1-i] = b[i]
		}
		return out
	}
	s := new(big.Int).SetBytes(little(signature[32:]))
	s.Add(s, edOrder())
	return append(signature[:32:32], little(s.FillBytes(make([]byte, 32)))...)
}

// strayBits sets one of the four bits that the last character of a 64-byte signature doesn't need.
func strayBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

// The keys that smallOrder lists are as bad as it says: a signature that needs no private key verifies under them.
func TestSmallOrderKeysSignAnything(t *testing.T) {
	for _, encoded := range smallOrderPoints() {
		forged := 0
		for m := range 64 {
			if ed25519.Verify(unhex(t, encoded), []byte{byte(m)}, append([]byte{1}, make([]byte, 63)...)) {
				forged++
			}
		}
		if forged == 0 {
			t.Errorf("no forged signature verifies under %s", encoded)
		}
	}
}
