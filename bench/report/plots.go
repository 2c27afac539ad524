package report

import (
	"fmt"
	"math"
	"strings"

	"bulkhead/bench/plot"
	"bulkhead/host/measure"
)

// Plots are all pictures of the run, by name.
func (r *Run) Plots() map[string]string {
	all := map[string]string{}
	for i := range r.Tables {
		if r.slope(r.Tables[i].Name) == nil {
			all[r.Tables[i].Name] = r.Tables[i].plot()
		}
	}
	for _, s := range r.Slopes {
		if t, err := r.Table(s.Table); err == nil {
			all[s.Name] = s.plot(t)
		}
	}
	for i := range r.Endings {
		all[r.Endings[i].Name] = r.Endings[i].plot()
	}
	if len(r.Arrivals) > 0 {
		all["arrivals"] = arrivalsPlot(r.Arrivals)
	}
	if svg := r.overNative(); svg != "" {
		all["native"] = svg
	}
	return all
}

// slope finds the one that draws a table, nil if it is drawn as bars.
func (r *Run) slope(table string) *Slope {
	for i := range r.Slopes {
		if r.Slopes[i].Table == table {
			return &r.Slopes[i]
		}
	}
	return nil
}

const again = "A/A: "

// kindOf tells by its name whose a row is.
func kindOf(name string) plot.Kind {
	name = strings.TrimPrefix(name, again)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("native", "onnxruntime"):
		return plot.Native
	case has("alone", "wasmtime-go", "interpreter"):
		return plot.Bare
	case has("wazero,"):
		return plot.Wazero
	case has("wasmtime,"):
		return plot.Wasmtime
	}
	return plot.Peer
}

func (t *Table) plot() string {
	var bars []plot.Bar
	for _, r := range t.Rows {
		bars = append(bars, plot.Bar{
			Name: r.Name, Kind: kindOf(r.Name), At: r.Median, Low: r.P20, Top: r.P99, Words: measure.Time(r.Median), Also: measure.Digits(r.Ratio) + "x",
			Muted: strings.HasPrefix(r.Name, again),
		})
	}
	return plot.Bars(t.Title, "Medians, whiskers from p20 to p99; all in turns in one process. Times are to: "+t.Base+".", bars, tick)
}

func (s *Slope) plot(t *Table) string {
	var steps []plot.Step
	var kind plot.Kind
	var before Row
	for i, name := range s.Steps {
		r, err := t.Row(name)
		if err != nil {
			continue // a run that failed half way
		}
		more := ""
		if i > 0 {
			more = difference(before, r, t.Noise())
		}
		_, step, _ := strings.Cut(name, ": ")
		steps = append(steps, plot.Step{Name: step, At: r.Median, Low: r.P20, Top: r.P99, Total: measure.Time(r.Median), More: more})
		before, kind = r, kindOf(strings.TrimSuffix(name, ": "+step)+",")
	}
	return plot.Waterfall(s.Title, "Each step is a configuration that was measured. Its bar goes from the step before to its own median; whiskers from p20 to p99.", kind, steps, tick)
}

// difference is what a step adds to the one before, unless it is no more than the noise: than the A/A row is off, or than
// the better half of either's own rounds is apart.
func difference(before, after Row, noise float64) string {
	more := after.Median - before.Median
	spread := max(noise*after.Median, before.Median-before.P20, after.Median-after.P20)
	switch {
	case math.Abs(more) < spread:
		return "within the noise"
	case more < 0:
		return "−" + measure.Time(-more)
	}
	return "+" + measure.Time(more)
}

func (e *Endings) plot() string {
	var series []string
	var all []plot.Line
	for _, r := range e.Rows {
		at := -1
		for i, s := range series {
			if s == r.Host {
				at = i
			}
		}
		if at < 0 {
			at, series = len(series), append(series, r.Host)
		}
		if len(all) == 0 || all[len(all)-1].Name != r.Guest {
			all = append(all, plot.Line{Name: r.Guest})
		}
		value := r.Worst
		if r.Never {
			value = math.Inf(1)
		}
		line := &all[len(all)-1]
		line.Dots = append(line.Dots, plot.Dot{Series: at, At: value})
	}
	mark, words := 100e6, "promised"
	if e.Name != "deadlines" {
		mark, words = 20e6, "20 ms"
	}
	return plot.Dots(e.Title, "The slowest of several tries, by guest and host.", series, all, mark, words, tick)
}

func arrivalsPlot(all []Arrival) string {
	var lines []plot.Line
	mark := all[0].P50
	for _, a := range all {
		lines = append(lines, plot.Line{Name: a.Name, Dots: []plot.Dot{{Series: 0, At: a.P50}, {Series: 1, At: a.P99}, {Series: 2, At: a.P999}}})
	}
	return plot.Dots(fmt.Sprintf("Latency at %.0f calls a second", all[0].Rate), "From when a call should have begun, so that waiting counts.",
		[]string{"p50", "p99", "p99.9"}, lines, mark, "p50 of nothing", tick)
}

// overNative shows all kernels and models as times native C.
func (r *Run) overNative() string {
	series := []string{"onnxruntime", "wazero, inline", "wasmtime, inline", "wasmtime-go", "Extism, timeout 2 s", "wazero's interpreter"}
	var lines []plot.Line
	for i := range r.Tables {
		t := &r.Tables[i]
		native, err := t.Row("native C, gcc -O3, cgo")
		if err != nil || !strings.HasPrefix(t.Name, "gem") && !strings.HasPrefix(t.Name, "digits") && t.Name != "vad" {
			continue
		}
		line := plot.Line{Name: t.Title}
		for s, name := range series {
			row, err := t.Row(name + ", without reset")
			if err != nil {
				row, err = t.Row(name + ", clean")
			}
			if err != nil {
				row, err = t.Row(name)
			}
			if err == nil {
				line.Dots = append(line.Dots, plot.Dot{Series: s, At: row.Median / native.Median})
			}
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return ""
	}
	return plot.Dots("Times native C", "gcc -O3 -march=native is 1. Ours are metered and in this process; kernels without a reset, models clean where that was measured alone.", series, lines, 1, "native C",
		times)
}
