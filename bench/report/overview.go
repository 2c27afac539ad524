package report

import (
	"fmt"
	"strings"

	"bulkhead/host/measure"
)

// A contender is a column of the overview: how its rows are called in the tables, the first that there is.
type contender struct {
	title string
	rows  []string
}

// ofOurs are the names that a place has in tables: clean where that is what is compared, otherwise whatever there is.
func ofOurs(place string) []string {
	return []string{place + ", clean", place + ", without reset", place + ", cold", place + ", metered"}
}

func contenders() []contender {
	peer := func(title, name string) contender {
		return contender{title, []string{name, name + ", a new instance", name + ", a new store and instance", name + ", a new process", name + ", a new process, f32", name + ", f32"}}
	}
	return []contender{
		peer("native C", "native C, gcc -O3, cgo"),
		peer("onnx&shy;runtime", "onnxruntime"),
		{"**wazero, inline**", ofOurs("wazero, inline")},
		{"**wazero, worker**", ofOurs("wazero, worker")},
		{"**wasmtime, inline**", ofOurs("wasmtime, inline")},
		{"**wasmtime, worker**", ofOurs("wasmtime, worker")},
		peer("wasmtime-go", "wasmtime-go"),
		peer("Extism", "Extism, timeout 2 s"),
		peer("go-plugin", "go-plugin, gRPC"),
		{"Go in wasm", append(ofOurs("Go compiled to wasm, wazero, inline"), "Go compiled to wasm, wazero, inline, code kept")},
		peer("inter&shy;preter", "wazero's interpreter"),
	}
}

// A line of the overview is a table, or a part of one.
type line struct {
	title, table string
	kept         bool   // with compiled code kept
	other        string // a table for whom the first does not have
}

func overviewLines() []line {
	return []line{
		{"empty call", "empty", false, ""}, {"echo of 64 B", "echo64", false, ""}, {"echo of 64 KiB", "echo65536", false, ""}, {"a host call", "hostcall", false, ""},
		{"clean instance and a call", "clean192", false, ""}, {"cold load", "loads", false, "loads-go"}, {"warm load", "loads", true, "loads-go"},
		{"digits, f32", "digits-f32", false, ""}, {"digits, int8", "digits-int8", false, ""}, {"a VAD frame", "vad", false, ""},
		{"GEMV f32 256", "gemv-f32-256", false, ""}, {"GEMV f32 512", "gemv-f32-512", false, ""}, {"GEMV f32 1024", "gemv-f32-1024", false, ""},
		{"GEMV int8 256", "gemv-int8-256", false, ""}, {"GEMV int8 512", "gemv-int8-512", false, ""}, {"GEMV int8 1024", "gemv-int8-1024", false, ""},
		{"GEMM f32 128", "gemm-f32-128", false, ""}, {"GEMM f32 256", "gemm-f32-256", false, ""}, {"GEMM int8 128", "gemm-int8-128", false, ""}, {"GEMM int8 256", "gemm-int8-256", false, ""},
	}
}

// overview is medians of everybody at everything. A contender that a comparison does not have is explained below it.
func (r *Run) overview() (string, error) {
	var b strings.Builder
	b.WriteString("| |")
	all := contenders()
	for _, c := range all {
		fmt.Fprintf(&b, " %s |", c.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(all)) + "\n")
	for _, l := range overviewLines() {
		t, err := r.Table(l.table)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s |", l.title)
		for _, c := range all {
			cell := t.cell(c, l.kept)
			if other, err := r.Table(l.other); err == nil && cell == nothing {
				cell = other.cell(c, l.kept)
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

const nothing = "—"

func (t *Table) cell(c contender, kept bool) string {
	for _, name := range c.rows {
		if kept {
			for _, end := range []string{", clean", ", cold", ", without reset", ", metered"} {
				name = strings.TrimSuffix(name, end)
			}
			name = strings.TrimSuffix(name, ", code kept") + ", code kept"
		}
		if row, err := t.Row(name); err == nil {
			return measure.Time(row.Median)
		}
	}
	return nothing
}
