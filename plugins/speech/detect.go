package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"bulkhead/abi"
	"bulkhead/sdk"
)

// structured is what detect_speech.output.json describes.
type structured struct {
	Segments []milliseconds `json:"segments"`
	Speech   float64        `json:"speech"`
	Duration int            `json:"duration_ms"`
	Frames   int            `json:"frames"`
	Peak     float64        `json:"peak"`
}

type milliseconds struct {
	Start int `json:"start_ms"`
	End   int `json:"end_ms"`
}

func detect(q abi.ToolRequest) (abi.ToolAnswer, error) {
	a, err := parseArguments(q.Arguments)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	p, err := listen(a.samples)
	if err != nil {
		return abi.ToolAnswer{}, err
	}
	s := summarize(a.rules.segments(p, a.samples.count()), p, a.samples.count())
	raw, err := json.Marshal(s)
	if err != nil {
		return abi.ToolAnswer{}, fmt.Errorf("encoding the result: %w", err)
	}
	return abi.ToolAnswer{Content: []abi.Content{sdk.Text(s.sentence())}, Structured: raw}, nil
}

func summarize(all []segment, p []float32, count int) structured {
	const perMillisecond = sampleRate / 1000
	s := structured{Segments: []milliseconds{}, Duration: count / perMillisecond, Frames: len(p)}
	speech := 0
	for _, g := range all {
		s.Segments = append(s.Segments, milliseconds{g.start / perMillisecond, g.end / perMillisecond})
		speech += g.end - g.start
	}
	for _, v := range p {
		s.Peak = max(s.Peak, float64(v))
	}
	s.Speech, s.Peak = rounded(float64(speech)/float64(count)), rounded(s.Peak)
	return s
}

// rounded keeps four digits: more would promise what the model does not know.
func rounded(v float64) float64 { return math.Round(v*10000) / 10000 }

// told is how many stretches the sentence for people names.
const told = 20

func (s *structured) sentence() string {
	if len(s.Segments) == 0 {
		return fmt.Sprintf("No speech in %.1f s of sound; the most likely moment has %.0f %%.", seconds(s.Duration), 100*s.Peak)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Speech in %.0f %% of %.1f s of sound, in seconds:", 100*s.Speech, seconds(s.Duration))
	for i, g := range s.Segments {
		if i == told {
			fmt.Fprintf(&b, " and %d more", len(s.Segments)-told)
			break
		}
		fmt.Fprintf(&b, " %.2f-%.2f", seconds(g.Start), seconds(g.End))
	}
	return b.String()
}

func seconds(ms int) float64 { return float64(ms) / 1000 }
