package export

import "strings"

// CSV is RFC 4180: every cell in quotes, quotes doubled, lines ended by CR LF. No cell has a line end in it: those are
// escapes, as is what a spreadsheet would calculate.

func csvTitle() []byte {
	var cells []string
	for _, f := range new(Entry).fields() {
		cells = append(cells, f.name)
	}
	return appendCells(nil, cells)
}

func appendCSV(dst []byte, e *Entry) []byte {
	var cells []string
	for _, f := range e.fields() {
		cells = append(cells, cell(f.value))
	}
	return appendCells(dst, cells)
}

func appendCells(dst []byte, cells []string) []byte {
	for i, c := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, strings.ReplaceAll(c, `"`, `""`)...)
		dst = append(dst, '"')
	}
	return append(dst, "\r\n"...)
}
