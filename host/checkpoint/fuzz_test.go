package checkpoint

import (
	"bytes"
	"testing"
)

// Whatever opens says what its text says, and is signed anew to the same text.
func FuzzOpen(f *testing.F) {
	s := newSigner(f, origin, newKey(f))
	good := sign(f, s, head(1000))
	f.Add(good)
	f.Add(publish(f, s, head(7)))
	f.Add([]byte(head(3).Text() + "\n— x AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, note []byte) {
		h, err := s.Verifier().Open(note)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(note, []byte(h.Text()+"\n— ")) || h.Origin != origin {
			t.Errorf("opened %q as %+v", note, h)
		}
	})
}

// A head has one text, and a text one head.
func FuzzHead(f *testing.F) {
	f.Add(head(0).Text())
	f.Add(head(MaxSize).Text())
	f.Add("a\n007\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := parseHead(text); err == nil && (h.Text() != text || CheckOrigin(h.Origin) != nil || h.Size > MaxSize) {
			t.Errorf("%q is %+v", text, h)
		}
	})
}

// A proof has one text, and none of it is large.
func FuzzParseProof(f *testing.F) {
	s := newSigner(f, origin, newKey(f))
	_, p := proven(f, s, 13, 5)
	f.Add(p.Marshal())
	p.Extra = []byte("x")
	f.Add(p.Marshal())
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err == nil && (!bytes.Equal(p.Marshal(), text) || len(p.Hashes) > maxHashes || len(p.Extra) > MaxExtra) {
			t.Errorf("%q is %+v", text, p)
		}
	})
}

// Taking a signature out of an entry and putting it back gives the same bytes.
func FuzzWithoutSignature(f *testing.F) {
	s := newSigner(f, origin, newKey(f))
	body := []byte(`{"a":1}`)
	sig, err := s.SignEntry(body)
	if err != nil {
		f.Fatal(err)
	}
	entry, err := WithSignature(body, sig)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(entry)
	f.Add(body)
	f.Fuzz(func(t *testing.T, entry []byte) {
		body, sig, err := WithoutSignature(entry)
		if err != nil || sig == nil {
			return
		}
		if again, err := WithSignature(body, sig); err != nil || !bytes.Equal(again, entry) {
			t.Errorf("%q became %q, %v", entry, again, err)
		}
	})
}
