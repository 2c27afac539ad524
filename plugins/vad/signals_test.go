//go:build peers

package vad

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A signal is sound at 16 kHz.
type signal struct {
	name    string
	samples []int16
	speech  int // frames with a probability of at least 0.5; -1: whatever the oracle says
}

const recordings = "/usr/share/pocketsphinx/test/data" // Debian package pocketsphinx-testdata

// signals are all recordings of speech that pocketsphinx-testdata has, white noise, and the hum of a mains.
func signals(t testing.TB) []signal {
	const book = "librivox/sense_and_sensibility_01_austen_64kb-"
	all := []signal{
		recording(t, book+"0870", -1), recording(t, book+"0880", 77), recording(t, book+"0890", 146),
		recording(t, book+"0920", 172), recording(t, book+"0930", 85),
	}
	for _, name := range []string{"001", "002", "003", "004", "005"} {
		all = append(all, recording(t, "cards/"+name, -1))
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(int) float64 { return 0.1 * random.NormFloat64() }
	hum := func(i int) float64 { return 0.5 * math.Sin(2*math.Pi*60*float64(i)/16000) }
	silence := func(int) float64 { return 0 }
	return append(all, synthetic("noise", noise), synthetic("hum", hum), synthetic("silence", silence))
}

func recording(t testing.TB, name string, speech int) signal {
	file, err := os.ReadFile(filepath.Join(recordings, name+".wav"))
	if err != nil {
		t.Fatalf("%v\nhint: apt-get install pocketsphinx-testdata", err)
	}
	const header = 44 // of every one of these files
	if len(file) < header || string(file[36:40]) != "data" {
		t.Fatalf("%s is not the WAV file that pocketsphinx-testdata has", name)
	}
	s := signal{name: name, speech: speech}
	for data := file[header:]; len(data) >= 2; data = data[2:] {
		s.samples = append(s.samples, int16(binary.LittleEndian.Uint16(data)))
	}
	return s
}

// synthetic is five seconds of a wave.
func synthetic(name string, wave func(int) float64) signal {
	s := signal{name: name}
	for i := range 5 * 16000 {
		s.samples = append(s.samples, int16(math.Round(32767*max(-1, min(1, wave(i))))))
	}
	return s
}

// frames is how many whole frames there are.
func (s *signal) frames() int { return len(s.samples) / frameSize }

// frame returns the request for a frame, with the state of the one before.
func (s *signal) frame(i int, state []byte) []byte {
	x := make([]float32, contextSize+frameSize)
	for j := range x {
		if at := i*frameSize - contextSize + j; at >= 0 {
			x[j] = float32(s.samples[at]) / 32768
		}
	}
	return append(bytesOf(x), state...)
}
