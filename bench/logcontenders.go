package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"bulkhead/bench/logs"
	"bulkhead/bench/report"
	"bulkhead/host/audit"
	"bulkhead/host/checkpoint"
	"bulkhead/host/gate"
	"bulkhead/host/keys"
)

// Contenders of the log.
const (
	nameLog       = "our log"
	nameProven    = "our log, and a proof for each entry"
	nameSigning   = "each entry signed, written, flushed"
	nameAtOnce    = "the same, callers sign at the same time"
	nameUnsigned  = "each entry written, flushed; unsigned"
	nameGrouped   = "one write and flush for all who wait; unsigned"
	nameTessera   = "Tessera"
	namePublished = "Tessera, and a checkpoint for each entry"
)

// A logOpening opens a log in a folder, and returns how an entry is appended to it and how it is closed.
type logOpening func(ctx context.Context, folder string) (appending func(context.Context) error, closing func() error, err error)

type logContender struct {
	name string
	open logOpening
}

// An openLog counts its entries.
type openLog struct {
	folder  string
	append  func(context.Context) error
	entries atomic.Int64
}

func (b *bench) openLog(ctx context.Context, x logContender) (*openLog, error) {
	folder, err := b.temporary()
	if err != nil {
		return nil, err
	}
	appending, closing, err := x.open(ctx, folder)
	if err != nil {
		return nil, err
	}
	b.Closing(func() { closing() })
	l := &openLog{folder: folder}
	l.append = func(ctx context.Context) error {
		l.entries.Add(1)
		return appending(ctx)
	}
	return l, nil
}

// perEntry is how many bytes its files have for each entry. Of partial tiles, which the next one makes superfluous, only
// the last counts.
func (l *openLog) perEntry() (float64, error) {
	var sum int64
	err := filepath.WalkDir(l.folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == keyFolder {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || d.Name() == reserve || superfluous(path) {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return float64(sum) / float64(l.entries.Load()), err
}

const (
	reserve   = "reserve" // what our log keeps for recording that the disk is full
	keyFolder = "keys"    // with the key of our log, which is not its
)

// superfluous reports whether a file is a partial tile behind which there is more.
func superfluous(path string) bool {
	folder, name := filepath.Split(path)
	full, partial := strings.CutSuffix(filepath.Clean(folder), ".p")
	width, err := strconv.Atoi(name)
	if !partial || err != nil {
		return false
	}
	if _, err := os.Stat(full); err == nil {
		return true
	}
	others, err := os.ReadDir(folder)
	return err == nil && slices.ContainsFunc(others, func(o os.DirEntry) bool {
		n, err := strconv.Atoi(o.Name())
		return err == nil && n > width
	})
}

func logContenders(entry []byte, callers int) []logContender {
	return []logContender{
		{nameLog, ours(false)}, {report.Again(nameLog), ours(false)}, {nameProven, ours(true)},
		{nameSigning, each(entry, signing(true))}, {nameAtOnce, each(entry, signing(false))}, {nameUnsigned, each(entry, unsigned)}, {nameGrouped, grouped(entry)},
		{nameTessera, onTessera(entry, callers, logs.Seldom, (*logs.Tessera).Append)},
		{namePublished, onTessera(entry, callers, logs.Often, (*logs.Tessera).Publish)},
	}
}

func ours(proof bool) logOpening {
	return func(_ context.Context, folder string) (func(context.Context) error, func() error, error) {
		l, _, err := newLog(folder)
		if err != nil {
			return nil, nil, err
		}
		return recording(l, proof), l.Close, nil
	}
}

func each(entry []byte, how func(*logs.Each) (logs.Appender, error)) logOpening {
	return func(_ context.Context, folder string) (func(context.Context) error, func() error, error) {
		l, err := logs.NewEach(folder)
		if err != nil {
			return nil, nil, err
		}
		a, err := how(l)
		return bringing(entry, a), l.Close, err
	}
}

func unsigned(l *logs.Each) (logs.Appender, error) { return l.Append, nil }

func signing(alone bool) func(*logs.Each) (logs.Appender, error) {
	return func(l *logs.Each) (logs.Appender, error) {
		key, err := keys.Generate()
		return l.Signing(key, alone), err
	}
}

func grouped(entry []byte) logOpening {
	return func(_ context.Context, folder string) (func(context.Context) error, func() error, error) {
		l, err := logs.NewGrouped(folder)
		if err != nil {
			return nil, nil, err
		}
		return bringing(entry, l.Append), l.Close, nil
	}
}

func onTessera(entry []byte, callers int, publishing time.Duration, how func(*logs.Tessera, context.Context, []byte) error) logOpening {
	return func(ctx context.Context, folder string) (func(context.Context) error, func() error, error) {
		l, err := logs.NewTessera(ctx, folder, callers, publishing)
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context) error { return how(l, ctx, entry) }, l.Close, nil
	}
}

// bringing brings the same entry again and again.
func bringing(entry []byte, to logs.Appender) func(context.Context) error {
	return func(ctx context.Context) error { return to(ctx, entry) }
}

// recording appends a result to our log, and has it proven.
func recording(l *audit.Log, proof bool) func(context.Context) error {
	entry := resultEntry()
	return func(ctx context.Context) error {
		r, err := l.Append(ctx, entry)
		if err != nil || !proof {
			return err
		}
		if r.Prover == nil {
			return errors.New("there is no proof")
		}
		_, _, err = r.Prover.Prove()
		return err
	}
}

// newLog opens a log of ours in a folder, with a key of its own.
func newLog(folder string) (*audit.Log, *checkpoint.Signer, error) {
	signer, err := newSigner(filepath.Join(folder, keyFolder))
	if err != nil {
		return nil, nil, err
	}
	l, err := audit.Open(audit.Config{Dir: filepath.Join(folder, audit.FolderName), Signer: signer, Development: true})
	return l, signer, err
}

// resultEntry is what a tool call leaves in the log.
func resultEntry() gate.Entry {
	digest := strings.Repeat("0123456789abcdef", 4)
	plugin := func(alias string) gate.PluginRef {
		return gate.PluginRef{Alias: alias, Digest: digest, Backend: "wazero/process"}
	}
	return gate.Entry{
		ID: "0190b7d0-0000-7000-8000-000000000000", Timestamp: "2026-01-02T03:04:05.678901Z", PreviousHash: digest,
		Actor: "line3/anna", Action: "tools/call", Resource: "inspect_label", Outcome: gate.Success, TraceID: digest[:32],
		Kind: gate.KindResult, Event: gate.CallResult, Call: "0190b7d0-0000-7000-8000-000000000000", Plugins: []gate.PluginRef{plugin("auth"), plugin("inspect")},
		Request: digest, Response: digest, Verdict: &gate.Verdict{Outcome: "allow"}, Micros: 1234, Fuel: 123_456, Development: true,
	}
}
