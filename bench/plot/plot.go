// Package plot draws what was measured as SVG: no script, no font of its own, light or dark as the reader's system is.
//
// Text is never measured, since nobody knows the reader's font: every text has a column that is wide enough for a wide
// one, and none stands where a bar may end.
package plot

import (
	"fmt"
	"html"
	"strings"
)

// A Kind is whose a bar is. It decides about the colour.
type Kind string

// The kinds.
const (
	Wazero   Kind = "wazero"   // ours, on wazero
	Wasmtime Kind = "wasmtime" // ours, on wasmtime
	Bare     Kind = "bare"     // an engine alone
	Native   Kind = "native"   // native code
	Peer     Kind = "peer"     // other hosts
)

func kinds() []Kind { return []Kind{Wazero, Wasmtime, Bare, Native, Peer} }

// words are what a legend says of a kind.
func (k Kind) words() string {
	return map[Kind]string{Wazero: "Bulkhead on wazero", Wasmtime: "Bulkhead on wasmtime", Bare: "an engine alone", Native: "native code", Peer: "other hosts"}[k]
}

// Sizes in pixels.
const (
	margin   = 20
	small    = 12
	normal   = 13
	large    = 16
	rowSize  = 26
	barSize  = 14
	plotSize = 430
	perRune  = 0.62 // of a text's size: what a letter of a wide font takes
)

const style = `<style>
.card{fill:#fff;stroke:#d1d9e0}.t{fill:#1f2328}.m{fill:#59636e}.g{stroke:#d1d9e0}.z{stroke:#8c959f}.w{stroke:#1f2328}.h{font-weight:600}.n{font-variant-numeric:tabular-nums}
.wazero{fill:#0969da}.wasmtime{fill:#8250df}.bare{fill:#1a7f37}.native{fill:#bc4c00}.peer{fill:#8c959f}
@media(prefers-color-scheme:dark){.card{fill:#0d1117;stroke:#3d444d}.t{fill:#f0f6fc}.m{fill:#9198a1}.g{stroke:#2a313c}.z{stroke:#6e7681}.w{stroke:#f0f6fc}
.wazero{fill:#4493f8}.wasmtime{fill:#ab7df8}.bare{fill:#3fb950}.native{fill:#f0883e}.peer{fill:#768390}}
</style>
`

// A canvas collects elements.
type canvas struct{ b strings.Builder }

func (c *canvas) addf(format string, a ...any) { fmt.Fprintf(&c.b, format+"\n", a...) }

// text writes at the baseline y; anchor is start, middle or end.
func (c *canvas) text(x, y float64, size int, class, anchor, s string) {
	c.addf(`<text x="%.1f" y="%.1f" font-size="%d" class="%s" text-anchor="%s">%s</text>`, x, y, size, class, anchor, html.EscapeString(s))
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	c.addf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (c *canvas) rect(x, y, w, h float64, class string) {
	c.addf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="%s"/>`, x, y, max(w, 1), h, class)
}

// svg is the whole picture.
func (c *canvas) svg(w, h float64, title string) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s" font-family="system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif">`+"\n",
		w, h, w, h, html.EscapeString(title))
	out.WriteString(style)
	fmt.Fprintf(&out, `<rect x="0.5" y="0.5" width="%.0f" height="%.0f" rx="8" class="card"/>`+"\n", w-1, h-1)
	out.WriteString(c.b.String())
	out.WriteString("</svg>\n")
	return out.String()
}

// width is the most that a text takes.
func width(s string, size int) float64 { return float64(len([]rune(s))*size) * perRune }

// A mark is an entry of a legend.
type mark struct{ class, words string }

// legend writes marks in lines no wider than the room, and returns the height it took.
func (c *canvas) legend(x, y, room float64, marks []mark) float64 {
	const lineSize = 20
	at, lines := x, 1
	for _, m := range marks {
		need := 18 + width(m.words, small) + 12
		if at > x && at+need > x+room {
			at, lines = x, lines+1
		}
		baseline := y + float64((lines-1)*lineSize)
		c.rect(at, baseline-9, 10, 10, m.class)
		c.text(at+16, baseline, small, "m", "start", m.words)
		at += need
	}
	return float64(lines * lineSize)
}

// kindMarks are the legend of the kinds that occur.
func kindMarks(seen map[Kind]bool) (marks []mark) {
	for _, k := range kinds() {
		if seen[k] {
			marks = append(marks, mark{string(k), k.words()})
		}
	}
	return marks
}
