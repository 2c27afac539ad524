package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// callResult is what `host plugin call --json` prints.
type callResult struct {
	Outcome      outcome `json:"outcome"`
	Error        string  `json:"error,omitempty"`
	Output       *string `json:"output,omitempty"`        // of the first call, if it is UTF-8
	OutputBase64 []byte  `json:"output_base64,omitempty"` // if it is not
	Fuel         uint64  `json:"fuel"`
	Memory       uint64  `json:"memory"`   // bytes
	Duration     float64 `json:"duration"` // seconds
	Reported     bool    `json:"reported"` // fuel and memory are a worker's word
	heard
	Used  usedOf    `json:"used"`
	Calls callCount `json:"calls"`
}

type callCount struct {
	Count           int             `json:"count"`
	Outcomes        map[outcome]int `json:"outcomes"`
	Equal           bool            `json:"equal"` // all ended alike, to the letter
	FirstDifference int             `json:"first_difference,omitempty"`
}

// refuse shows a plugin that does not run, if that is what err says.
func (s *streams) refuse(err error) error {
	if !s.json || outcomeOf(err) != outcomeRefused {
		return err
	}
	nothing := newCollector().heard(0)
	return errors.Join(err, s.say(callResult{Outcome: outcomeRefused, Error: err.Error(), heard: nothing, Calls: callCount{Outcomes: map[outcome]int{}, Equal: true}}, ""))
}

// show prints the calls and returns the error of the worst.
func (s *streams) show(t *tally, w *workbench) error {
	if t.calls == 0 {
		return nil
	}
	if s.json {
		return errors.Join(t.exit(), s.say(t.result(w), ""))
	}
	if err := s.answer(t); err != nil {
		return err
	}
	text := w.heard().text()
	if t.calls > 1 {
		text += t.text() + "\n"
	}
	_, err := fmt.Fprintf(s.err, "%s%s: %s\n", text, outcomeOf(t.worst), t.spent.text(w.limits))
	return errors.Join(t.exit(), err)
}

func (t *tally) result(w *workbench) callResult {
	r := callResult{
		Outcome: outcomeOf(t.worst), Fuel: t.fuel, Memory: t.memory, Duration: t.took.Seconds(), Reported: t.reported,
		heard: w.heard(), Used: t.of(w.limits), Calls: callCount{t.calls, t.outcomes, t.differs == 0, t.differs},
	}
	if t.worst != nil {
		r.Error = t.worst.Error()
	}
	switch {
	case !t.answered:
	case utf8.Valid(t.first):
		text := string(t.first)
		r.Output = &text
	default:
		r.OutputBase64 = t.first
	}
	return r
}

// answer writes the first answer: raw, except to a terminal, which it could steer.
func (s *streams) answer(t *tally) error {
	if !t.answered {
		return nil
	}
	if isTerminal(s.out) {
		_, err := fmt.Fprintln(s.out, onTerminal(t.first))
		return err
	}
	_, err := s.out.Write(t.first)
	return err
}

// text shows what the plugin said to a person.
func (h heard) text() string {
	var b strings.Builder
	for _, l := range h.Log {
		fmt.Fprintf(&b, "log %s: %s\n", l.Level, l.Line)
	}
	for _, object := range h.Audit {
		fmt.Fprintf(&b, "audit: %s\n", terminal(string(object)))
	}
	if n := h.NotShown; n.Log > 0 || n.Audit > 0 {
		fmt.Fprintf(&b, "not shown: %d log lines, %d audit objects\n", n.Log, n.Audit)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Uses)) {
		if n := h.Uses[name].Refused; n > 0 {
			fmt.Fprintf(&b, "refused: %d of %d uses of %s\n", n, n+h.Uses[name].Done, name)
		}
	}
	return b.String()
}
