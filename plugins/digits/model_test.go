package digits_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"bulkhead/sdk/sdktest"
)

// README.md states the accuracies that this test measures.
func TestAccuracy(t *testing.T) {
	int8, f32, all := readReference(t), trained(t), readHeldOut(t)
	right := map[string]int{}
	for _, d := range all {
		x := tensor(d.pixels)
		for name, p := range map[string][]float32{"int8": int8.predict(x), "f32": f32(x)} {
			if digit, _ := read(t, p); digit == d.label {
				right[name]++
			}
		}
	}
	t.Logf("right of %d held-out digits: %v", len(all), right)
	if right["int8"]*100 < 97*len(all) {
		t.Errorf("%d of %d held-out digits right, want 97 %%", right["int8"], len(all))
	}
	if lost := right["f32"] - right["int8"]; lost*200 > len(all) {
		t.Errorf("quantising costs %d of %d digits, more than half a point", lost, len(all))
	}
}

// Every variant gives the bits of the reference, for every held-out digit.
func TestSameBits(t *testing.T) {
	r, all := readReference(t), readHeldOut(t)
	each(t, func(t *testing.T, p *sdktest.Plugin) {
		for i, d := range all {
			x := tensor(d.pixels)
			want := raw(r.predict(x))
			if got, err := p.Model(raw(x)); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("digit %d: got %x, %v; want %x", i, got, err, want)
			}
		}
	})
}

// What a batch answers is what its examples do, one after another.
func TestBatch(t *testing.T) {
	r, all := readReference(t), readHeldOut(t)
	each(t, func(t *testing.T, p *sdktest.Plugin) {
		for n := 1; n <= batch; n++ {
			var in, want []byte
			for _, d := range all[n : 2*n] {
				x := tensor(d.pixels)
				in, want = append(in, raw(x)...), append(want, raw(r.predict(x))...)
			}
			if got, err := p.Model(in); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d digits: got %x, %v; want %x", n, got, err, want)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	value := func(at int, v float32) []byte {
		x := make([]float32, inputs)
		x[at] = v
		return raw(x)
	}
	many := func(n int) []byte { return make([]byte, 4*inputs*n) }
	cases := []struct {
		name    string
		in      []byte
		refusal string
	}{
		{"black", value(5, 0), ""},
		{"negative zero", value(5, float32(math.Copysign(0, -1))), ""},
		{"white", value(5, 1), ""},
		{"too bright", value(5, 1.0001), "value 5 of x is not a number from 0 to 1"},
		{"negative", value(5, -1e-9), "value 5 of x"},
		{"NaN", value(783, float32(math.NaN())), "value 783 of x"},
		{"infinity", value(0, float32(math.Inf(1))), "value 0 of x"},
		{"in the second of two", append(value(0, 1), value(3, 2)...), "value 787 of x"},
		{"empty", nil, "the input has 0 bytes"},
		{"a byte short", value(5, 0)[1:], "the input has 3135 bytes"},
		{"a byte long", append(value(5, 0), 0), "the input has 3137 bytes"},
		{"a full batch", many(batch), ""},
		{"one and a half", many(1 + batch)[:4*inputs*3/2], "the input has 4704 bytes"},
	}
	each(t, func(t *testing.T, p *sdktest.Plugin) {
		for _, c := range cases {
			out, err := p.Model(c.in)
			switch {
			case c.refusal == "" && err != nil:
				t.Errorf("%s: %v", c.name, err)
			case c.refusal == "":
				read(t, floats(out[:4*outputs]))
			case err == nil || !strings.Contains(err.Error(), c.refusal):
				t.Errorf("%s: got %v, want an error about %q", c.name, err, c.refusal)
			}
		}
	})
}

func TestConfigure(t *testing.T) {
	good := readFile(t, weightsFile)
	const factors = inputs*hidden1 + hidden1*hidden2 + hidden2*outputs
	bad := func(v float32) []byte {
		b := bytes.Clone(good)
		copy(b[factors+4*7:], raw([]float32{v}))
		return b
	}
	cases := []struct {
		name    string
		assets  [][]byte
		config  string
		refusal string
	}{
		{"good", [][]byte{good}, ` { } `, ""},
		{"with config", [][]byte{good}, `{"x":1}`, "no config"},
		{"no weights", nil, `{}`, "missing"},
		{"short", [][]byte{good[4:]}, `{}`, "the weights have 237912 bytes"},
		{"long", [][]byte{append(bytes.Clone(good), 0)}, `{}`, "the weights have 237917 bytes"},
		{"empty", [][]byte{{}}, `{}`, "the weights have 0 bytes"},
		{"NaN", [][]byte{bad(float32(math.NaN()))}, `{}`, "factor 7"},
		{"infinity", [][]byte{bad(float32(math.Inf(-1)))}, `{}`, "factor 7"},
		{"huge", [][]byte{bad(1.1e6)}, `{}`, "factor 7"},
		{"larger than memory", [][]byte{make([]byte, 80<<20)}, `{}`, "missing"},
	}
	for _, v := range variants() {
		for _, c := range cases {
			t.Run(v.name+" "+c.name, func(t *testing.T) {
				p := sdktest.New(t, sdktest.Config{Assets: c.assets}, v.machine(t))
				err := p.Configure(c.config)
				if c.refusal == "" && err != nil || c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
					t.Errorf("got %v, want an error about %q", err, c.refusal)
				}
			})
		}
	}
}
