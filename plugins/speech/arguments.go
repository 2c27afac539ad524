package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"bulkhead/sdk"
)

const (
	sampleRate = 16000
	maxSeconds = 120
	maxData    = 2 * sampleRate * maxSeconds
	maxFile    = maxData + 64<<10 // headers of a file, and what else is in it
)

// arguments is what detect_speech.schema.json describes, decoded.
type arguments struct {
	samples samples
	rules
}

// samples are 16-bit samples, little-endian, as they came.
type samples []byte

func (s samples) count() int { return len(s) / 2 }

// at returns a sample as a number from -1 to 1. Outside of the sound there is silence.
func (s samples) at(i int) float32 {
	if i < 0 || i >= s.count() {
		return 0
	}
	return float32(int16(uint16(s[2*i])|uint16(s[2*i+1])<<8)) / 32768
}

func parseArguments(raw json.RawMessage) (a arguments, err error) {
	q := struct {
		Audio      string  `json:"audio"`
		Format     string  `json:"format"`
		Rate       int     `json:"rate"`
		Threshold  float64 `json:"threshold"`
		MinSpeech  int     `json:"min_speech_ms"`
		MinSilence int     `json:"min_silence_ms"`
		Padding    int     `json:"padding_ms"`
	}{Format: "wav", Threshold: 0.5, MinSpeech: 250, MinSilence: 100, Padding: 30}
	if err := sdk.Decode(raw, &q); err != nil {
		return a, complaint("The arguments are not those of this tool.")
	}
	a.rules = rules{threshold: q.Threshold, speech: inSamples(q.MinSpeech), silence: inSamples(q.MinSilence), padding: inSamples(q.Padding)}
	if !a.rules.sensible() {
		return a, complaint("The threshold is not from 0.01 to 1, or a time not from 0 to 10000 ms.")
	}
	if len(q.Audio) > base64.StdEncoding.EncodedLen(maxFile) {
		return a, errTooLong
	}
	file, ok := decodeBase64(q.Audio)
	if !ok {
		return a, complaint("The audio is not base64.")
	}
	a.samples, err = readAudio(file, q.Format, q.Rate)
	return a, err
}

var errTooLong = complaint(fmt.Sprintf("The audio is longer than %d seconds.", maxSeconds))

// readAudio takes a WAV file, which says its rate itself, or bare samples, of which the caller says it.
func readAudio(file []byte, format string, rate int) (s samples, err error) {
	switch {
	case format == "wav" && rate != 0:
		return nil, complaint("The rate is for bare samples, with format pcm16. A WAV file says its own.")
	case format == "wav":
		s, err = readWAV(file)
	case format != "pcm16":
		return nil, complaint("The format is neither wav nor pcm16.")
	case rate != sampleRate:
		return nil, wrongRate(rate)
	default:
		s = file
	}
	switch {
	case err != nil:
		return nil, err
	case len(s)%2 != 0:
		return nil, complaint("The audio ends in the middle of a sample: 16-bit samples have two bytes.")
	case len(s) == 0:
		return nil, complaint("The audio has no samples.")
	case len(s) > maxData:
		return nil, errTooLong
	}
	return s, nil
}

func wrongRate(rate int) error {
	if rate == 0 {
		return complaint("Bare samples need their rate: 16000.")
	}
	return complaint(fmt.Sprintf("The audio has %d samples a second; this tool takes %d. Resample it.", rate, sampleRate))
}

// decodeBase64 takes the standard alphabet with padding, in the one form that encoding gives.
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && base64.StdEncoding.EncodedLen(len(b)) == len(s)
}
