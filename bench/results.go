package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/bench/peers"
	"bulkhead/bench/report"
)

// modules are those whose versions decide about the figures.
func modules() []string {
	return []string{"github.com/tetratelabs/wazero", "github.com/bytecodealliance/wasmtime-go/v39", "github.com/yalue/onnxruntime_go", "github.com/extism/go-sdk",
		"github.com/hashicorp/go-plugin", "google.golang.org/grpc", "github.com/transparency-dev/tessera"}
}

// write writes the report, the samples, the plots, and what the page is made from.
func (b *bench) write() error {
	b.facts()
	folder := filepath.Join(b.out, b.run.Date+"-"+b.name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	plots := map[string]string{}
	for name, svg := range b.run.Plots() {
		plots[name] = filepath.Base(folder) + "/" + name + ".svg"
		if err := os.WriteFile(filepath.Join(folder, name+".svg"), []byte(svg), 0o644); err != nil {
			return err
		}
	}
	text := b.run.Markdown(plots)
	fmt.Print(text)
	data, err := json.MarshalIndent(b.run, "", " ")
	return errors.Join(err, os.WriteFile(folder+".md", []byte(text), 0o644), os.WriteFile(folder+".json", append(data, '\n'), 0o644), b.writeSamples(folder+".csv"))
}

func (b *bench) facts() {
	b.run.Facts = nil
	for _, f := range b.machine.Facts(modules()...) {
		b.run.Facts = append(b.run.Facts, report.Fact{Name: f[0], Value: f[1]})
	}
	b.run.Facts = append(b.run.Facts,
		report.Fact{Name: "onnxruntime", Value: peers.ONNXVersion()},
		report.Fact{Name: "C compiler", Value: compiler()},
		report.Fact{Name: "log's disk", Value: diskOf(filepath.Join(b.root, "bin"))},
		report.Fact{Name: "command", Value: "`" + strings.Join(append([]string{"bin/bench"}, os.Args[1:]...), " ") + "`, by `make bench`"},
		report.Fact{Name: "samples", Value: fmt.Sprintf("[%s-%s.csv](%s-%s.csv): table, row, and the rounds in turn, in nanoseconds", b.run.Date, b.name, b.run.Date, b.name)},
	)
}

// writeSamples writes one record for each row: table, row, and what its rounds took in nanoseconds, in turn.
func (b *bench) writeSamples(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	for _, s := range b.samples {
		for _, r := range s.rows {
			record := []string{s.table, r.Name}
			for _, ns := range r.Rounds {
				record = append(record, fmt.Sprintf("%.4g", ns))
			}
			if err := w.Write(record); err != nil {
				return errors.Join(err, f.Close())
			}
		}
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}
