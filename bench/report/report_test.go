package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/host/measure"
)

func table(t *testing.T) Table {
	t.Helper()
	rows := []measure.Row{
		{Name: "native C, gcc -O3, cgo", Rounds: []float64{1000, 3000}},
		{Name: "A/A: native C, gcc -O3, cgo", Rounds: []float64{1100, 3300}},
		{Name: "wazero, inline, clean", Rounds: []float64{5000, 15000}, Allocs: 7},
		{Name: "slow", Rounds: []float64{9e6}, Every: 2, Allocs: -1},
	}
	x, err := NewTable("digits-f32", "Digits", "", rows[0].Name, rows)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTable(t *testing.T) {
	x := table(t)
	for _, want := range []string{"| native C, gcc -O3, cgo | 2.00 µs | 1.40 µs | 2.98 µs | 1.00 | 0.0 |", "| wazero, inline, clean | 10.0 µs | 7.00 µs | 14.9 µs | 5.00 | 7.0 |", "| slow | 9.00 ms | 9.00 ms | 9.00 ms | 9000 | — |"} {
		if got := x.Markdown(); !strings.Contains(got, want) {
			t.Errorf("%s\nhas no %q", got, want)
		}
	}
	if n := x.Noise(); n < 0.099 || n > 0.101 {
		t.Errorf("noise %v", n)
	}
	if _, err := NewTable("x", "", "", "nobody", nil); err == nil {
		t.Error("a table without its base")
	}
}

func TestAims(t *testing.T) {
	for _, tt := range []struct {
		aim  Aim
		want string
	}{
		{Aim{"a", Time, 1000, 999, 0}, "| a | 1.00 µs | 999 ns | met |"},
		{Aim{"b", Ratio, 1, 1.5, 0}, "| b | 1.00x | 1.50x | **missed** |"},
		{Aim{"c", Ratio, 1, 1.05, 0.1}, "| c | 1.00x | 1.05x | **missed**, within the noise |"},
		{Aim{"d", Count, 0.04, 0, 0.1}, "| d | 0.0 | 0.0 | met |"},
		{Aim{"never", Time, 1000, 0, 0}, "| never | 1.00 µs | never | **missed** |"},
		{Aim{"e", Time, 0, 204, 0.1}, "| e |  | 204 ns |  |"},
	} {
		if got := aimsTable([]Aim{tt.aim}); !strings.Contains(got, tt.want) {
			t.Errorf("%s\nhas no %q", got, tt.want)
		}
	}
}

func TestEndings(t *testing.T) {
	e := Endings{Name: "deadlines", Rows: []Ending{{"loop", "ours", 1e8, 1.1e8, false}, {"loop", "peer", 1e8, 1e8, true}, {"tree", "peer", 0, 0, true}}}
	want := "|  | loop | tree |\n|---|---|---|\n| ours | 100ms, at most 110ms |  |\n| peer | 100ms, at most 100ms, then **never** | **never** |\n"
	if got := e.Markdown(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPage(t *testing.T) {
	r := &Run{Date: "2026-01-02", Machine: "m", Tables: []Table{table(t)}, Slopes: []Slope{{Name: "s", Table: "digits-f32", Steps: []string{"a: b"}, Labels: []string{"x"}}}}
	page, err := r.Page(`{{date}} {{median "digits-f32" "wazero, inline, clean"}} {{ratio "digits-f32" "wazero, inline, clean" "native C, gcc -O3, cgo"}}`)
	if err != nil || string(page) != "2026-01-02 10.0 µs 5.00" {
		t.Errorf("%q, %v", page, err)
	}
	if page, err := r.Page(`{{table "digits-f32"}}`); err != nil || !strings.Contains(string(page), "| slow |") {
		t.Errorf("a table without names of rows has all: %q, %v", page, err)
	}
	for _, ask := range []string{`{{median "x" "y"}}`, `{{median "digits-f32" "y"}}`, `{{table "digits-f32" "y"}}`, `{{grid "x"}}`, `{{endings "x"}}`, `{{steps "x"}}`, `{{steps "s"}}`,
		`{{plot "x"}}`, `{{ratio "digits-f32" "slow" "y"}}`, `{{arrivals}}`, `{{overview}}`, `{{losses}}`, `{{ways "digits-f32"}}`, `{{nothing}}`} {
		if page, err := r.Page(ask); err == nil {
			t.Errorf("%s is %q, want an error", ask, page)
		}
	}
}

// Only whole runs become the page, and of these the newest.
func TestLatest(t *testing.T) {
	folder := t.TempDir()
	if _, err := Latest(folder); err == nil {
		t.Error("a run out of nothing")
	}
	for name, run := range map[string]Run{"2026-01-01-a": {Date: "1", Complete: true}, "2026-01-02-a": {Date: "2", Complete: true}, "2026-01-03-a": {Date: "3"}} {
		data, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := Latest(folder); err != nil || r.Date != "2" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestKinds(t *testing.T) {
	for name, want := range map[string]string{
		"wazero, inline, clean": "wazero", "wasmtime, worker, through infer": "wasmtime", "Go compiled to wasm, wazero, inline, clean": "wazero", "wazero alone": "bare",
		"wasmtime-go, epochs": "bare", "wazero's interpreter": "bare", "A/A: native C, gcc -O3, cgo": "native", "onnxruntime, f32": "native", "Extism, timeout 2 s": "peer", "go-plugin, gRPC": "peer",
	} {
		if got := kindOf(name); string(got) != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
