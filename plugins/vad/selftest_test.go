//go:build peers

package vad

import (
	"flag"
	"math"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the self-test's files from what ONNX Runtime says")

const (
	selfTestInput  = "testdata/frame.f32"
	selfTestOutput = "testdata/frame.out.f32"
	onset          = 8 // a frame in which somebody begins to speak
)

// The self-test of the bundle is a frame of a recording with the oracle's states before and after it.
func TestPeerSelfTest(t *testing.T) {
	s := recording(t, "librivox/sense_and_sensibility_01_austen_64kb-0880", -1)
	answers := ask(t, &s)
	before, after := answers[(onset-1)*answerSize:][:answerSize], answers[onset*answerSize:][:answerSize]
	in := s.frame(onset, before[4:])
	if *update {
		for name, content := range map[string][]byte{selfTestInput: in, selfTestOutput: after} {
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	same(t, selfTestInput, in)
	same(t, selfTestOutput, after)
	for _, v := range variants() {
		got, err := v.mustLoad(t, readWeights(t)).Call(t.Context(), nil, in)
		if err != nil {
			t.Fatal(err)
		}
		same(t, selfTestOutput, got)
	}
}

// same holds values against a file; ONNX Runtime's last bits are the machine's.
func same(t *testing.T, name string, got []byte) {
	t.Helper()
	content := read(t, name)
	want := floats(content)
	if len(content) != len(got) {
		t.Fatalf("%s has %d bytes, want %d", name, len(content), len(got))
	}
	for i, v := range floats(got) {
		if !(math.Abs(float64(v)-float64(want[i])) < 1e-4) {
			t.Fatalf("%s: value %d is %v, want %v", name, i, want[i], v)
		}
	}
}
