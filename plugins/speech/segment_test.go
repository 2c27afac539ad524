package main

import (
	"slices"
	"testing"
)

func standard() rules {
	return rules{threshold: 0.5, speech: inSamples(250), silence: inSamples(100), padding: inSamples(30)}
}

// probabilities turns a drawing into probabilities: # is 0.9, + exactly 0.5, - 0.4 (between both levels), . 0.1, _ almost 0.
func probabilities(drawing string) (p []float32) {
	for _, c := range drawing {
		p = append(p, map[rune]float32{'#': 0.9, '+': 0.5, '-': 0.4, '.': 0.1, '_': 0.005}[c])
	}
	return p
}

// The expected frames are those of Silero's get_speech_timestamps, worked out by hand from its text. 250 ms are 7.8 frames, 100 ms are 3.1.
func TestSegments(t *testing.T) {
	bare := standard()
	bare.padding = 0
	any := bare
	any.speech = 0
	atOnce := any
	atOnce.silence = 0
	sure := any
	sure.threshold = 1
	low := any
	low.threshold = 0.05
	for _, c := range []struct {
		name    string
		rules   rules
		drawing string
		want    []segment // in frames
	}{
		{"silence", bare, "..........", nil},
		{"all speech", bare, "##########", []segment{{0, 10}}},
		{"a stretch", bare, "..########.....", []segment{{2, 10}}},
		{"exactly at the threshold", bare, "..++++++++.....", []segment{{2, 10}}},
		{"too short", bare, "..#######.....", nil},
		{"too short at the end", bare, ".....#######", nil},
		{"long enough at the end", bare, "....########", []segment{{4, 12}}},
		{"a silence of four frames does not end", bare, "########....########", []segment{{0, 20}}},
		{"one of five does", bare, "########.....########", []segment{{0, 8}, {13, 21}}},
		{"between the levels nothing ends", bare, "########--------####", []segment{{0, 20}}},
		{"nor begins", bare, "--------", nil},
		{"a silence goes on between the levels", bare, "########.---.########", []segment{{0, 8}, {13, 21}}},
		{"and may end the stretch only below", bare, "########.------########", []segment{{0, 23}}},
		{"a silence that speech interrupts starts anew", bare, "########...#...#####", []segment{{0, 20}}},
		{"silence at the end is part of it if it is short", bare, "########...", []segment{{0, 11}}},
		{"a click", any, "...#.....", []segment{{3, 4}}},
		{"silence that ends at once", atOnce, "#.#.#", []segment{{0, 1}, {2, 3}, {4, 5}}},
		{"a threshold that is never reached", sure, "##########", nil},
		{"a threshold below which nothing falls far enough", low, "##########", []segment{{0, 10}}},
		{"a low threshold has a level below it all the same", low, "########_____.......", []segment{{0, 8}, {13, 20}}},
		{"nothing", bare, "", nil},
	} {
		p := probabilities(c.drawing)
		var want []segment
		for _, g := range c.want {
			want = append(want, segment{g.start * frameSize, g.end * frameSize})
		}
		if got := c.rules.segments(p, len(p)*frameSize); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

func TestPadding(t *testing.T) {
	for _, c := range []struct {
		name    string
		padding int
		in      []segment
		want    []segment
	}{
		{"none", 0, []segment{{100, 200}}, []segment{{100, 200}}},
		{"both ends", 30, []segment{{100, 200}}, []segment{{70, 230}}},
		{"not beyond the sound", 300, []segment{{100, 900}}, []segment{{0, 1000}}},
		{"room for both", 30, []segment{{100, 200}, {260, 400}}, []segment{{70, 230}, {230, 430}}},
		{"too little room", 30, []segment{{100, 200}, {241, 400}}, []segment{{70, 220}, {221, 430}}},
		{"no stretch", 30, nil, nil},
	} {
		r := rules{padding: c.padding}
		r.pad(c.in, 1000)
		if !slices.Equal(c.in, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.in, c.want)
		}
	}
}

// The last frame may hold less than 512 samples: a stretch never ends after the sound.
func TestTail(t *testing.T) {
	r := standard()
	if got := r.segments(probabilities("##########"), 9*frameSize+1); !slices.Equal(got, []segment{{0, 9*frameSize + 1}}) {
		t.Errorf("got %v", got)
	}
}
