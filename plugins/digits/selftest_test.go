package digits_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"bulkhead/sdk/sdktest"
)

const (
	selfTestInput  = "testdata/seven.f32"
	selfTestOutput = "testdata/seven.out.f32"
)

// The host compares the self-test's answer byte by byte at load. After new weights: go test -run SelfTest -update.
func TestSelfTest(t *testing.T) {
	if *update {
		writeSelfTest(t)
	}
	in, want := readFile(t, selfTestInput), readFile(t, selfTestOutput)
	if digit, confidence := read(t, floats(want)); digit != 7 || confidence < 0.99 {
		t.Errorf("the self-test expects %d with %v, which is no clear seven", digit, confidence)
	}
	each(t, func(t *testing.T, p *sdktest.Plugin) {
		if got, err := p.Model(in); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %x, %v; want %x", got, err, want)
		}
	})
}

func writeSelfTest(t *testing.T) {
	x := tensor(decodePNG(t, readFile(t, "../../examples/quickstart/seven.png")))
	for name, data := range map[string][]byte{selfTestInput: raw(x), selfTestOutput: raw(readReference(t).predict(x))} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var update = flag.Bool("update", false, "write the self-test's files from the weights")
