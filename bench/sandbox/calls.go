package main

import (
	"bytes"
	"fmt"

	"bulkhead/bench/sandbox/guests"
	"bulkhead/bench/sandbox/measure"
)

// A shape is a guest and one request to it.
type shape struct {
	name          string
	guest         []byte
	request, want []byte
}

// text is the request of all echoes.
func text() []byte { return bytes.Repeat([]byte("x"), 64) }

const (
	nameEmpty = "empty"
	nameGo    = "echo 64 B, Go guest"
)

func nameEcho(pages int) string { return fmt.Sprintf("echo 64 B, %d KiB", 64*pages) }

// echoPages are the memories of small guests, as C has them, and one as large as Go's.
func echoPages() []int { return []int{1, 2, 3, 40} }

func (b *bench) shapes() ([]shape, error) {
	guest, err := b.goGuest()
	if err != nil {
		return nil, err
	}
	all := []shape{{nameEmpty, guests.Empty(), nil, nil}}
	for _, pages := range echoPages() {
		all = append(all, shape{nameEcho(pages), guests.Echo(uint32(pages)), text(), text()})
	}
	return append(all, shape{nameGo, guest, append([]byte("echo "), text()...), text()}), nil
}

// calls compares what a call costs on every engine, on a clean instance and without reset.
func (b *bench) calls() error {
	shapes, err := b.shapes()
	if err != nil {
		return err
	}
	all, base, err := b.callBase()
	if err != nil {
		return err
	}
	for _, at := range inline() {
		for _, s := range shapes {
			for _, stateful := range []bool{true, false} {
				c, err := b.ours(at, s.guest, stateful)
				if err != nil {
					return err
				}
				x, err := b.contender(callName(at, s.name, stateful), c, s.request, s.want)
				if err != nil {
					return err
				}
				all = append(all, x)
			}
		}
	}
	t, err := b.compare(measure.Table{
		Name: "calls", Title: "A call", Base: base,
		Notes: "In this process, back to back. Without reset: a stateful plugin, whose calls share an instance. The base has no limits, no reset and no host around it.",
	}, all)
	if err == nil {
		b.callAims(t)
	}
	return err
}

func (b *bench) callBase() ([]measure.Contender, string, error) {
	const base = "wazero alone, echo 64 B"
	p, err := b.plain(guests.Echo(1), compiler())
	if err != nil {
		return nil, "", err
	}
	x, err := b.contender(base, p.call, text(), text())
	return []measure.Contender{x}, base, err
}

func callName(at place, what string, stateful bool) string {
	if stateful {
		return fmt.Sprintf("%s, %s, without reset", at, what)
	}
	return fmt.Sprintf("%s, %s, clean", at, what)
}

func (b *bench) callAims(t *measure.Table) {
	wazero := place{engine: "wazero"}
	b.aimMedians(t, "64 B echo, wazero inline, without reset", 300, callName(wazero, nameEcho(1), true))
	b.aimMedians(t, "64 B echo, wazero inline, clean, slowest of 64 to 192 KiB", 4000,
		callName(wazero, nameEcho(1), false), callName(wazero, nameEcho(2), false), callName(wazero, nameEcho(3), false))
	b.aimMedians(t, "64 B echo, wazero inline, clean, Go guest", 25_000, callName(wazero, nameGo, false))
	worst := 0.0
	for _, r := range t.Rows {
		if len(r.Name) > len(wazero.String()) && r.Name[:len(wazero.String())] == wazero.String() {
			worst = max(worst, r.Allocs)
		}
	}
	b.aimCount("allocations per call, wazero inline, all rows", 0.04, worst)
}
