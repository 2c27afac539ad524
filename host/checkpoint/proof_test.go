package checkpoint

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

func entryOf(i int) []byte { return fmt.Appendf(nil, `{"id":"%d"}`, i) }

// proven makes a log of the given size and proves one of its entries.
func proven(t testing.TB, s *Signer, size, index int) (entry []byte, p Proof) {
	t.Helper()
	var grown tree.Tree
	var hashes []tlog.Hash
	for i := range size {
		var err error
		if hashes, _, err = grown.Append(tlog.RecordHash(entryOf(i)), hashes, nil); err != nil {
			t.Fatal(err)
		}
	}
	view := tree.View{Hashes: hashes, Size: uint64(size)}
	way, err := view.Prove(uint64(index))
	if err != nil {
		t.Fatal(err)
	}
	h := Head{Origin: s.Origin(), Size: uint64(size), Root: grown.Root()}
	return entryOf(index), Proof{Index: uint64(index), Hashes: way, Checkpoint: sign(t, s, h)}
}

func TestProof(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	for size := 1; size < 20; size++ {
		for index := range size {
			entry, p := proven(t, s, size, index)
			read, err := ParseProof(p.Marshal())
			if err != nil {
				t.Fatal(err)
			}
			h, err := s.Verifier().Check(read, entry)
			if err != nil || h.Size != uint64(size) {
				t.Errorf("entry %d of %d: %+v, %v", index, size, h, err)
			}
			if _, err := s.Verifier().Check(read, entryOf(index+1)); err == nil {
				t.Errorf("entry %d of %d proves another", index, size)
			}
		}
	}
}

// No bit of a proof may change: what it says has one spelling, and every part of it is bound.
func TestEveryBitOfAProof(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	entry, p := proven(t, s, 13, 5)
	text := p.Marshal()
	for i := range text {
		for _, bit := range []int{i % 8, (i + 3) % 8} {
			bad := bytes.Clone(text)
			bad[i] ^= 1 << bit
			read, err := ParseProof(bad)
			if err != nil {
				continue
			}
			if _, err := s.Verifier().Check(read, entry); err == nil {
				t.Fatalf("bit %d of byte %d changed", bit, i)
			}
		}
	}
	for i := range entry {
		bad := bytes.Clone(entry)
		bad[i] ^= 1
		if _, err := s.Verifier().Check(p, bad); err == nil {
			t.Fatalf("byte %d of the entry changed", i)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	entry, good := proven(t, s, 13, 5)
	older, _ := proven(t, s, 12, 5)
	_, other := proven(t, s, 14, 5)
	for _, c := range []struct {
		name   string
		change func(p *Proof)
		want   string
	}{
		{"another index", func(p *Proof) { p.Index = 4 }, "not in the log"},
		{"index beyond the end", func(p *Proof) { p.Index = 13 }, "of 13 entries"},
		{"huge index", func(p *Proof) { p.Index = MaxSize }, "of 13 entries"},
		{"a hash missing", func(p *Proof) { p.Hashes = p.Hashes[1:] }, "not in the log"},
		{"a hash too many", func(p *Proof) { p.Hashes = append(bytesOf(p.Hashes), tlog.Hash{}) }, "not in the log"},
		{"no hash", func(p *Proof) { p.Hashes = nil }, "not in the log"},
		{"hashes turned round", func(p *Proof) { p.Hashes = append(bytesOf(p.Hashes[1:]), p.Hashes[0]) }, "not in the log"},
		{"another checkpoint", func(p *Proof) { p.Checkpoint = other.Checkpoint }, "not in the log"},
		{"no checkpoint", func(p *Proof) { p.Checkpoint = nil }, "malformed"},
		{"another log's checkpoint", func(p *Proof) { _, q := proven(t, newSigner(t, origin, newKey(t)), 13, 5); p.Checkpoint = q.Checkpoint }, "not signed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good
			c.change(&p)
			if _, err := s.Verifier().Check(p, entry); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := s.Verifier().Check(good, older); err != nil {
		t.Errorf("the same entry, made twice: %v", err)
	}
}

func bytesOf(h []tlog.Hash) []tlog.Hash { return append([]tlog.Hash(nil), h...) }

func TestParseProofRefuses(t *testing.T) {
	s := newSigner(t, origin, newKey(t))
	_, p := proven(t, s, 13, 5)
	p.Extra = []byte("ab")
	good := string(p.Marshal())
	hash := strings.Split(good, "\n")[3]
	for _, c := range []struct{ name, old, new string }{
		{"another version", "@v1", "@v2"},
		{"no header", "c2sp.org/tlog-proof@v1\n", ""},
		{"no index", "index 5\n", ""},
		{"leading zero", "index 5", "index 05"},
		{"sign", "index 5", "index +5"},
		{"negative", "index 5", "index -5"},
		{"hexadecimal", "index 5", "index 0x5"},
		{"two spaces", "index 5", "index  5"},
		{"too large", "index 5", "index 9223372036854775808"},
		{"a space behind", "index 5", "index 5 "},
		{"empty extra data", "extra YWI=", "extra "},
		{"stray bits in extra data", "extra YWI=", "extra YWJ="},
		{"extra data after the index", "extra YWI=\nindex 5\n", "index 5\nextra YWI=\n"},
		{"extra data twice", "extra YWI=\n", "extra YWI=\nextra YWI=\n"},
		{"extra data of another alphabet", "extra YWI=", "extra __8="},
		{"short hash", hash, hash[4:]},
		{"stray bits in a hash", hash, hash[:42] + strayed(hash[42]) + "="},
		{"unpadded hash", hash, hash[:43]},
		{"64 hashes", hash + "\n", strings.Repeat(hash+"\n", 64)},
		{"no empty line", "\n\n", "\n"},
		{"carriage return", "index 5\n", "index 5\r\n"},
		{"much", "extra YWI=", "extra " + strings.Repeat("AAAA", MaxProof/4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the proof", c.old)
			}
			bad := strings.Replace(good, c.old, c.new, 1)
			if c.name == "no empty line" {
				bad = strings.ReplaceAll(good, c.old, c.new)
			}
			if read, err := ParseProof([]byte(bad)); err == nil {
				t.Errorf("read %+v", read)
			}
		})
	}
	if _, err := ParseProof([]byte(good + strings.Repeat("x", MaxProof))); err == nil {
		t.Error("read a huge checkpoint")
	}
	if _, err := ParseProof(nil); err == nil {
		t.Error("read nothing")
	}
	if read, err := ParseProof([]byte(good)); err != nil || string(read.Extra) != "ab" {
		t.Errorf("%q, %v", read.Extra, err)
	}
}
