package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// modules are those whose versions decide about the figures.
func modules() []string {
	return []string{"github.com/tetratelabs/wazero", "github.com/bytecodealliance/wasmtime-go/v39", "github.com/extism/go-sdk", "github.com/hashicorp/go-plugin", "google.golang.org/grpc"}
}

// write writes the report and the samples.
func (b *bench) write() error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	path := filepath.Join(b.out, b.machine.Date()+"-"+b.name)
	parts := append([]string{
		fmt.Sprintf("# %s, %s\n", b.machine.Date(), b.name), b.machine.Markdown(modules()...),
		fmt.Sprintf("How it was measured and how to read it: [bench/README.md](../README.md). Samples: `%s.csv`.\n", filepath.Base(path)),
		b.aimsTable(),
	}, b.parts...)
	report := strings.Join(parts, "\n")
	fmt.Print(report)
	return errors.Join(os.WriteFile(path+".md", []byte(report), 0o644), b.writeSamples(path+".csv"))
}

func (b *bench) writeSamples(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for _, t := range b.tables {
		if err := t.WriteCSV(f); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}
