package report

import (
	"fmt"
	"strings"

	"bulkhead/host/measure"
)

// A way is a row of a table of models, and what whoever goes that way has to do without.
type way struct{ row, lacks string }

func allWays() []way {
	return []way{
		{"native C, gcc -O3, cgo", "deadline, isolation, clean start, memory limit, signature"},
		{"onnxruntime", "deadline (another thread may ask it to stop between two operations), isolation, memory limit, signature"},
		{"native Go, no vectors", "deadline, isolation, clean start, memory limit, signature"},
		{"go-plugin, gRPC", "deadline (the caller's alone; the code goes on), sandbox (a process with all rights of the host's user), clean start, memory limit, signature (it can check a checksum)"},
		{"wazero's interpreter", "deadline, clean start, process of its own, signature"},
		{"wazero alone", "deadline, clean start, process of its own, signature"},
		{"wasmtime alone", "deadline, clean start, process of its own, signature"},
		{"wasmtime-go", "deadline (epochs, if the user sets them up, blind to calls of the host), clean start, process of its own, signature"},
		{"Extism, timeout 2 s", "deadline where there is no loop, clean start, process of its own, signature (it can check a hash)"},
		{"wazero, inline, clean", "process of its own"},
		{"wazero, worker, clean", "nothing of these"},
		{"wasmtime, inline, clean", "process of its own"},
		{"wasmtime, worker, clean", "nothing of these"},
		{"Go compiled to wasm, wazero, inline, clean", "process of its own"},
		{"Go compiled to wasm, wazero, worker, clean", "nothing of these"},
		{"Go compiled to wasm, wasmtime, worker, clean", "nothing of these"},
	}
}

// ways is one model by everybody, with what that does not do.
func (r *Run) ways(table string) (string, error) {
	t, err := r.Table(table)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| | median | p99 | times %s | what it does not do |\n|---|--:|--:|--:|---|\n", t.Base)
	for _, w := range allWays() {
		row, err := t.Row(w.row)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", w.row, measure.Time(row.Median), measure.Time(row.P99), measure.Digits(row.Ratio), w.lacks)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
