package audit

import (
	"bytes"
	"strings"
	"testing"
)

func someSeal(size uint64) seal {
	s := seal{size: size}
	for i := range s.root {
		s.root[i] = byte(i) ^ 0xa5
	}
	for i := range s.sig {
		s.sig[i] = byte(7*i) ^ 0x5a
	}
	return s
}

func TestSealIsReadBack(t *testing.T) {
	for _, size := range []uint64{0, 1, 256, 1 << 40, 1<<64 - 1} {
		want := someSeal(size)
		line := appendSeal([]byte("x"), want)[1:]
		got, err := parseSeal(line)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
		if !isSeal(line) || len(line) > maxSeal {
			t.Errorf("%s: %d bytes", line, len(line))
		}
	}
}

func TestSealHasOneSpelling(t *testing.T) {
	good := string(appendSeal(nil, someSeal(256)))
	for name, bad := range map[string]string{
		"empty": "", "word only": "seal ", "upper case": strings.Replace(good, "seal", "Seal", 1), "space at the end": good + " ",
		"leading zero": strings.Replace(good, " 256", " 0256", 1), "sign": strings.Replace(good, " 256", " +256", 1),
		"too large": strings.Replace(good, " 256", " 18446744073709551616", 1), "two spaces": strings.Replace(good, " 256", "  256", 1),
		"carriage return": strings.Replace(good, "=", "\r=", 1), "no padding": strings.TrimRight(good, "="),
		"unused bits": good[:len(good)-3] + string(good[len(good)-3]+1) + "==", "long": good + strings.Repeat("A", 1000),
		"short signature": good[:len(good)-8] + "AA==",
	} {
		if s, err := parseSeal([]byte(bad)); err == nil {
			t.Errorf("%s: %q was read as %+v", name, bad, s)
		}
	}
}

func FuzzParseSeal(f *testing.F) {
	f.Add(appendSeal(nil, someSeal(256)))
	f.Add([]byte("seal 1 x y"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if s, err := parseSeal(in); err == nil && !bytes.Equal(appendSeal(nil, s), in) {
			t.Errorf("%q was read as %+v", in, s)
		}
	})
}
