package main

const maxMilliseconds = 10_000

func inSamples(ms int) int { return ms * (sampleRate / 1000) }

// rules say what counts as a stretch of speech. Times are in samples.
type rules struct {
	threshold float64 // of the probability with which speech begins
	speech    int     // a stretch must be longer than this
	silence   int     // it takes this long to end a stretch
	padding   int     // added at both ends
}

func (r *rules) sensible() bool {
	for _, n := range []int{r.speech, r.silence, r.padding} {
		if n < 0 || n > inSamples(maxMilliseconds) {
			return false
		}
	}
	return r.threshold >= lowest && r.threshold <= 1
}

// lowest is the lowest probability below which a frame may count as silence; Silero's.
const lowest = 0.01

// fall is how far below the threshold a frame in the middle of speech must be to count as silence; Silero's.
const fall = 0.15

// A segment is a stretch of speech, from its first sample to the one after its last.
type segment struct{ start, end int }

// segments finds the stretches of speech as Silero's own get_speech_timestamps does: a stretch begins with a frame at or above the
// threshold, and ends where the probability first fell below threshold - 0.15 if it does not come back to the threshold before
// r.silence is over. What lies between the two levels changes nothing.
func (r *rules) segments(p []float32, count int) []segment {
	var all []segment
	start, end := -1, -1 // of the stretch at hand; end: where it ends if the silence lasts
	keep := func(end int) {
		if end-start > r.speech {
			all = append(all, segment{start, end})
		}
	}
	low := max(r.threshold-fall, lowest)
	for i, v := range p {
		at := i * frameSize
		switch {
		case float64(v) >= r.threshold:
			end = -1
			if start < 0 {
				start = at
			}
		case start >= 0 && float64(v) < low:
			if end < 0 {
				end = at
			}
			if at-end >= r.silence {
				keep(end)
				start, end = -1, -1
			}
		}
	}
	if start >= 0 {
		keep(count)
	}
	r.pad(all, count)
	return all
}

// pad widens the stretches. Where the silence between two is too short for both, each gets half of it.
func (r *rules) pad(all []segment, count int) {
	for i := range all {
		if i == 0 {
			all[i].start = max(0, all[i].start-r.padding)
		}
		if i == len(all)-1 {
			all[i].end = min(count, all[i].end+r.padding)
			break
		}
		by := min(r.padding, (all[i+1].start-all[i].end)/2)
		all[i].end += by
		all[i+1].start -= by
	}
}
