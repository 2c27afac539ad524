package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

// A fakeModel finds a frame as likely as its middle is loud. Its state counts the frames, and is wrong if it does not come back.
type fakeModel struct {
	frames  int
	sound   [][]float32   // of every frame
	wrong   string        // what was not as it must be
	instead func() []byte // another answer
}

func (m *fakeModel) infer(in []byte) ([]byte, error) {
	if len(in) != requestBytes {
		m.wrong = fmt.Sprintf("a request of %d bytes", len(in))
		return nil, abi.ErrInvalid
	}
	if m.instead != nil {
		return m.instead(), nil
	}
	if !bytes.Equal(in[soundBytes:], m.state()) {
		m.wrong = fmt.Sprintf("frame %d came with the state %x", m.frames, in[soundBytes:soundBytes+8])
	}
	m.frames++
	var sound []float32
	for i := 0; i < soundBytes; i += 4 {
		sound = append(sound, math.Float32frombits(binary.LittleEndian.Uint32(in[i:])))
	}
	m.sound = append(m.sound, sound)
	return append(one(math.Abs(float64(sound[contextSize+frameSize/2]))), m.state()...), nil
}

func (m *fakeModel) state() []byte {
	return bytes.Repeat(one(float64(m.frames)/1000), stateBytes/4)
}

func one(v float64) []byte {
	return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v)))
}

func run(t *testing.T, f func(t *testing.T, p *sdktest.Plugin, m *fakeModel)) {
	m := &fakeModel{}
	c := sdktest.Config{Grants: abi.GrantsOf(abi.Infer), Models: []func([]byte) ([]byte, error){m.infer}}
	both.Run(t, c, func(t *testing.T, p *sdktest.Plugin) {
		*m = fakeModel{}
		f(t, p, m)
		if m.wrong != "" {
			t.Error(m.wrong)
		}
	})
}

func ask(p *sdktest.Plugin, arguments string) (abi.ToolAnswer, error) {
	return p.Tool(abi.ToolRequest{Tool: "detect_speech", Arguments: json.RawMessage(arguments)})
}

func hears(t *testing.T, p *sdktest.Plugin, m *fakeModel, arguments string) structured {
	t.Helper()
	a, err := ask(p, arguments)
	if err != nil || a.Failed {
		t.Fatalf("got %+v, %v", a, err)
	}
	var s structured
	if err := json.Unmarshal(a.Structured, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func complains(t *testing.T, p *sdktest.Plugin, name, arguments, about string) {
	t.Helper()
	a, err := ask(p, arguments)
	if err != nil || !a.Failed || a.Structured != nil || len(a.Content) != 1 || !strings.Contains(a.Content[0].Text, about) {
		t.Errorf("%s: got %+v, %v; want a complaint about %q", name, a, err, about)
	}
}

// loud is one second of silence, one of speech, and one and a half frames of silence.
func loud() []byte {
	var all []float64
	for i := range 64 {
		all = append(all, map[bool]float64{true: 0.75}[i >= 32])
	}
	return append(tones(all...), make([]byte, 2*768)...)
}

func TestDetect(t *testing.T) {
	for name, arguments := range map[string]string{
		"wav": argumentsFor(wav(loud()), ""), "bare": argumentsFor(loud(), `,"format":"pcm16","rate":16000`),
	} {
		run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
			s := hears(t, p, m, arguments)
			want := structured{Segments: []milliseconds{{994, 2096}}, Speech: 0.5258, Duration: 2096, Frames: 66, Peak: 0.75}
			if !reflect.DeepEqual(s, want) {
				t.Errorf("%s: got %+v, want %+v", name, s, want)
			}
			if got := p.Host.Reports(); len(got) != 3 || got[2].Done != 66 || got[2].Total != 66 {
				t.Errorf("%s: reported %v", name, got)
			}
		})
	}
}

// The model hears each frame behind the end of the last one, and silence around the sound.
func TestFrames(t *testing.T) {
	var ramp []byte
	for i := range frameSize + 100 {
		ramp = binary.LittleEndian.AppendUint16(ramp, uint16(int16(i-300)))
	}
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		if s := hears(t, p, m, argumentsFor(wav(ramp), "")); s.Frames != 2 || len(m.sound) != 2 {
			t.Fatalf("got %+v, and the model heard %d frames", s, len(m.sound))
		}
		var heard []float32
		for i, frame := range m.sound {
			if i > 0 && !slices.Equal(frame[:contextSize], m.sound[i-1][frameSize:]) {
				t.Errorf("frame %d does not come behind the end of frame %d", i, i-1)
			}
			heard = append(heard, frame[contextSize:]...)
		}
		for i, v := range append(slices.Clone(m.sound[0][:contextSize]), heard...) {
			want := float32(0)
			if at := i - contextSize; at >= 0 && at < frameSize+100 {
				want = float32(at-300) / 32768
			}
			if v != want {
				t.Fatalf("sample %d is %v, want %v", i-contextSize, v, want)
			}
		}
	})
}

func TestOptions(t *testing.T) {
	file := wav(loud())
	for more, want := range map[string][]milliseconds{
		`,"threshold":0.8`:                   {},
		`,"threshold":0.7499`:                {{994, 2096}},
		`,"padding_ms":0`:                    {{1024, 2096}},
		`,"padding_ms":0,"min_silence_ms":0`: {{1024, 2048}},
		`,"padding_ms":0,"min_silence_ms":0,"min_speech_ms":1024`: {},
		`,"padding_ms":10000`: {{0, 2096}},
	} {
		run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
			if s := hears(t, p, m, argumentsFor(file, more)); !reflect.DeepEqual(s.Segments, want) {
				t.Errorf("%s: got %v, want %v", more, s.Segments, want)
			}
		})
	}
}

func TestSentence(t *testing.T) {
	s := structured{Duration: 2096, Peak: 0.031}
	if got := s.sentence(); got != "No speech in 2.1 s of sound; the most likely moment has 3 %." {
		t.Error(got)
	}
	s.Speech = 0.5
	for i := range told + 2 {
		s.Segments = append(s.Segments, milliseconds{i * 100, i*100 + 50})
	}
	if got := s.sentence(); !strings.HasPrefix(got, "Speech in 50 % of 2.1 s of sound, in seconds: 0.00-0.05 0.10-0.15 ") || !strings.HasSuffix(got, " 1.90-1.95 and 2 more") {
		t.Error(got)
	}
}

func TestBadFiles(t *testing.T) {
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, c := range badWAVs() {
			complains(t, p, c.name, argumentsFor(c.file, ""), c.complaint)
		}
		if m.frames != 0 {
			t.Error("a bad file reached the model")
		}
	})
}

func TestArguments(t *testing.T) {
	file := wav(tones(0))
	encoded := base64.StdEncoding.EncodeToString(file)
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for _, c := range []struct{ name, arguments, complaint string }{
			{"no audio", `{}`, "no WAV"},
			{"not base64", `{"audio":"?"}`, "not base64"},
			{"a line end", `{"audio":"` + encoded[:4] + `\n` + encoded[4:] + `"}`, "not base64"},
			{"stray bits", `{"audio":"AAB="}`, "not base64"},
			{"no padding", `{"audio":"AAA"}`, "not base64"},
			{"a data URL", `{"audio":"data:audio/wav;base64,` + encoded + `"}`, "not base64"},
			{"longer than any", `{"audio":"` + strings.Repeat("A", base64.StdEncoding.EncodedLen(maxFile)+4) + `"}`, "longer than 120 seconds"},
			{"a number", `{"audio":1}`, "The arguments"},
			{"another member", argumentsFor(file, `,"language":"en"`), "The arguments"},
			{"another format", argumentsFor(file, `,"format":"mp3"`), "neither wav nor pcm16"},
			{"a rate with WAV", argumentsFor(file, `,"rate":16000`), "says its own"},
			{"bare samples without a rate", argumentsFor(file, `,"format":"pcm16"`), "need their rate"},
			{"bare samples of 8 kHz", argumentsFor(file, `,"format":"pcm16","rate":8000`), "8000 samples a second"},
			{"half a bare sample", argumentsFor(file[1:], `,"format":"pcm16","rate":16000`), "middle of a sample"},
			{"no bare sample", argumentsFor(nil, `,"format":"pcm16","rate":16000`), "has no samples"},
			{"bare samples for too long", argumentsFor(make([]byte, maxData+2), `,"format":"pcm16","rate":16000`), "longer than 120"},
			{"threshold 0", argumentsFor(file, `,"threshold":0`), "not from 0.01 to 1"},
			{"threshold 1.1", argumentsFor(file, `,"threshold":1.1`), "not from 0.01 to 1"},
			{"a negative time", argumentsFor(file, `,"padding_ms":-1`), "not from 0 to 10000"},
			{"a long time", argumentsFor(file, `,"min_silence_ms":10001`), "not from 0 to 10000"},
			{"a time of a lifetime", argumentsFor(file, `,"min_speech_ms":9007199254740991`), "not from 0 to 10000"},
			{"half a millisecond", argumentsFor(file, `,"min_speech_ms":0.5`), "The arguments"},
		} {
			complains(t, p, c.name, c.arguments, c.complaint)
		}
	})
}

// The longest sound there may be, through the whole plugin.
func TestLongest(t *testing.T) {
	file := wav(make([]byte, maxData))
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		if s := hears(t, p, m, argumentsFor(file, "")); s.Frames != 3750 || s.Duration != 120_000 || len(s.Segments) != 0 {
			t.Errorf("got %+v", s)
		}
		m.sound = nil
	})
}

// A model that is wrong, or a host that refuses, ends the call; the client learns what it can act on.
func TestModelFails(t *testing.T) {
	arguments := argumentsFor(wav(tones(0.9, 0.9)), "")
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		for name, answer := range map[string][]byte{
			"nothing": {}, "too little": make([]byte, answerBytes-1), "too much": make([]byte, answerBytes+4), "larger than the room": make([]byte, 1<<16),
			"NaN": append(one(math.NaN()), make([]byte, stateBytes)...), "more than certain": append(one(1.01), make([]byte, stateBytes)...),
			"less than never": append(one(-0.01), make([]byte, stateBytes)...),
		} {
			m.instead = func() []byte { return answer }
			if a, err := ask(p, arguments); err == nil || !strings.Contains(err.Error(), "the model answered") {
				t.Errorf("%s: got %+v, %v", name, a, err)
			}
		}
		for err, text := range map[error]string{
			abi.ErrDenied: "does not let this tool listen", abi.ErrUnavailable: "at present", abi.ErrLimit: "Try again later", abi.ErrDeadline: "in time",
		} {
			p.Host.Fail(abi.Infer, err)
			complains(t, p, err.Error(), arguments, text)
		}
		p.Host.Fail(abi.Infer, abi.ErrInternal)
		if a, err := ask(p, arguments); err == nil || a.Content != nil {
			t.Errorf("got %+v, %v; want the plugin's error", a, err)
		}
	})
}

func TestOtherTool(t *testing.T) {
	run(t, func(t *testing.T, p *sdktest.Plugin, m *fakeModel) {
		if a, err := p.Tool(abi.ToolRequest{Tool: "speech", Arguments: json.RawMessage(`{}`)}); err == nil {
			t.Errorf("got %+v, want an error", a)
		}
	})
}
