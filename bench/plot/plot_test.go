package plot

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

func write(v float64) string { return fmt.Sprintf("%g ns", v) }

func pictures() map[string]string {
	bars := []Bar{
		{Name: "short", Kind: Wazero, At: 10, Low: 9, Top: 12, Words: "10 ns", Also: "1x"},
		{Name: "a name that is quite long, as some are, and longer", Kind: Peer, At: 7e6, Low: 1e6, Top: 9e8, Words: "7.00 ms", Also: "700000x", Muted: true},
		{Name: "<&>", Kind: Native, At: 1, Low: 1, Top: 1, Words: "1 ns"},
	}
	steps := []Step{{Name: "raw call", At: 20, Low: 19, Top: 30, Total: "20 ns"}, {Name: "+ more", At: 1e6, Low: 1e5, Top: 1e7, Total: "1.00 ms", More: "within the noise"}, {Name: "+ less", At: 1e5, Low: 1e5, Top: 2e5, Total: "100 µs", More: "−900 µs"}}
	series := []string{"one", "two with a longer name than that", "three", "four: this one does not fit into the line any more"}
	lines := []Line{{"loop", []Dot{{0, 100}, {1, 101}, {2, math.Inf(1)}}}, {"calls without any loop", []Dot{{0, 90}, {3, math.Inf(1)}, {2, math.Inf(1)}, {1, math.Inf(1)}}}}
	return map[string]string{
		"bars":      Bars("Some bars", strings.Repeat("many words below the title ", 12), bars, write),
		"even bars": Bars("Even", "", []Bar{{Name: "a", Kind: Bare, At: 3, Low: 2, Top: 4, Words: "3"}, {Name: "b", Kind: Wasmtime, At: 7, Low: 6, Top: 7.5, Words: "7"}}, write),
		"waterfall": Waterfall("A waterfall", "below", Wasmtime, steps, write),
		"dots":      Dots("Dots", "below", series, lines, 100, "promised", write),
	}
}

// A box is where a text may be, in a wide font.
type box struct {
	left, right, top, bottom float64
	words                    string
}

// Every picture is well-formed; its texts are inside of it, and none lies on another, in a font as wide as they come.
func TestTextsApart(t *testing.T) {
	for name, svg := range pictures() {
		w, h, boxes := read(t, name, svg)
		for i, a := range boxes {
			if a.left < 0 || a.right > w || a.top < 0 || a.bottom > h {
				t.Errorf("%s: %q leaves the picture: %+v of %v by %v", name, a.words, a, w, h)
			}
			for _, b := range boxes[i+1:] {
				if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
					t.Errorf("%s: %q lies on %q", name, a.words, b.words)
				}
			}
		}
	}
}

func read(t *testing.T, name, svg string) (w, h float64, boxes []box) {
	t.Helper()
	var in *box
	var anchor string
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return w, h, boxes
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			a := map[string]string{}
			for _, x := range e.Attr {
				a[x.Name.Local] = x.Value
			}
			number := func(key string) float64 { n, _ := strconv.ParseFloat(a[key], 64); return n }
			switch e.Name.Local {
			case "svg":
				w, h = number("width"), number("height")
			case "text":
				size := number("font-size")
				in, anchor = &box{left: number("x"), top: number("y") - size*0.8, bottom: number("y") + size*0.2, right: size}, a["text-anchor"]
			case "script":
				t.Errorf("%s has a script", name)
			}
		case xml.CharData:
			if in != nil {
				wide := float64(len([]rune(string(e)))) * in.right * 0.6
				x := in.left
				in.left = map[string]float64{"start": x, "middle": x - wide/2, "end": x - wide}[anchor]
				in.right, in.words = in.left+wide, string(e)
				boxes, in = append(boxes, *in), nil
			}
		}
	}
}

func TestAxis(t *testing.T) {
	a := newAxis(0, []float64{12, 800_000}, write)
	if !a.log || a.low != 10 || a.high != 1e6 || a.at(10) != 0 || a.at(1e6) != plotSize || a.at(1) != 0 {
		t.Errorf("%+v", a)
	}
	if b := newAxis(0, []float64{3, 7}, write); b.log || b.low != 0 || b.high < 7 || b.at(0) != 0 || len(b.ticks()) < 3 {
		t.Errorf("%+v, ticks %v", b, b.ticks())
	}
}
