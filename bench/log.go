package main

import (
	"context"
	"encoding/json"
	"fmt"

	"bulkhead/bench/report"
	"bulkhead/host/measure"
)

func logCallers() []int { return []int{1, 8, 64, 256} }

// logTable is the name of the table for so many callers.
func logTable(callers int) string { return fmt.Sprintf("log-%d", callers) }

const logNotes = "Entries of %d bytes, as of a result; every contender has a folder of its own on the same disk. Each caller brings an entry, waits until it is durable, and brings the next. " +
	"Peers get the entry's bytes ready-made, ours makes its JSON and chains it. Tessera takes as many entries for a batch as there are callers, or what there is after 2 ms; " +
	"what it answers first is a place in the tree that nothing signed speaks of yet. Its checkpoints are 1 s apart as ours, where everybody waits for one 100 ms, its least."

// log measures how many entries a second a log takes, how long each waits, and what it takes on the disk.
func (b *bench) log(ctx context.Context) error {
	entry, err := json.Marshal(resultEntry())
	if err != nil {
		return err
	}
	var open []*openLog
	var loops []closedLoop
	for _, callers := range logCallers() {
		for _, x := range logContenders(entry, callers) {
			l, err := b.openLog(ctx, x)
			if err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
			open, loops = append(open, l), append(loops, closedLoop{x.name, callers, l.append})
		}
	}
	rows, err := b.closedLoops(ctx, loops)
	if err != nil {
		return err
	}
	g := report.Grid{Name: "log", Title: "Entries a second, and how long each waits", Notes: fmt.Sprintf(logNotes, len(entry)), Columns: []string{""}}
	sizes := report.Grid{Name: "log-bytes", Title: "Bytes on the disk for an entry", Columns: []string{""},
		Notes: "The sizes of all files: without what ours keeps for saying that the disk is full, and without the partial tiles that Tessera would remove after a while."}
	each := len(rows) / len(logCallers())
	for i, callers := range logCallers() {
		of, logs := rows[i*each:(i+1)*each], open[i*each:(i+1)*each]
		if err := b.keepLog(callers, of); err != nil {
			return err
		}
		g.Columns, sizes.Columns = append(g.Columns, callersName(callers)), append(sizes.Columns, callersName(callers))
		for k, r := range of {
			if i == 0 {
				g.Rows, sizes.Rows = append(g.Rows, []string{r.Name}), append(sizes.Rows, []string{r.Name})
			}
			bytes, err := logs[k].perEntry()
			if err != nil {
				return err
			}
			g.Rows[k], sizes.Rows[k] = append(g.Rows[k], rateWords(r)), append(sizes.Rows[k], fmt.Sprintf("%.0f", bytes))
		}
	}
	b.run.Grids = append(b.run.Grids, g, sizes)
	return nil
}

// keepLog keeps the table for so many callers, and what ours should reach there.
func (b *bench) keepLog(callers int, rows []measure.Row) error {
	t, err := b.keepLoops(logTable(callers), "The log, "+callersName(callers), "The time for an entry, over all callers.", nameLog, rows)
	if err != nil {
		return err
	}
	if callers == 64 {
		b.aimRatio(t, "an entry with 64 callers, ours over each signed, written, flushed", 0.1, nameLog, nameSigning)
	}
	b.aimRatio(t, fmt.Sprintf("an entry with %s, ours over Tessera's", callersName(callers)), 1, nameLog, nameTessera)
	return nil
}

func callersName(n int) string {
	return fmt.Sprintf("%d caller%s", n, map[bool]string{true: "s"}[n > 1])
}

// rateWords are the calls in a second, by the median round, and their latencies.
func rateWords(r measure.Row) string {
	q := measure.Quantiles(r.Rounds, 0.5)
	t := measure.Quantiles(r.Calls, 0.5, 0.99)
	return fmt.Sprintf("%.0f/s: %s, p99 %s", 1e9/q[0], measure.Time(t[0]), measure.Time(t[1]))
}
