package main

import (
	"bulkhead/bench/sandbox/guests"
	"bulkhead/bench/sandbox/measure"
)

// peers compares other plugin hosts with ours at the same 64 bytes.
func (b *bench) peers() error {
	here, there := place{engine: "wazero"}, workers()
	base := callName(here, nameEcho(1), false)
	all := []measure.Contender{measure.Clock()}
	add := func(name string, c caller, err error) error {
		if err != nil {
			return err
		}
		x, err := b.contender(name, c, text(), text())
		x.Each = true
		all = append(all, x)
		return err
	}
	for _, open := range []struct {
		name string
		open func() (caller, error)
	}{
		{base, func() (caller, error) { return b.ours(here, guests.Echo(1), false) }},
		{callName(here, nameEcho(1), true), func() (caller, error) { return b.ours(here, guests.Echo(1), true) }},
		{callName(there, nameEcho(1), false), func() (caller, error) { return b.ours(there, guests.Echo(1), false) }},
		{"Extism, one instance, no timeout", func() (caller, error) { return b.extism(guests.ExtismEcho(), 0) }},
		{"Extism, one instance, timeout 2 s", func() (caller, error) { return b.extism(guests.ExtismEcho(), 2000) }},
		{"Extism, an instance for each call, timeout 2 s", func() (caller, error) { return b.freshExtism(guests.ExtismEcho(), 2000) }},
		{"go-plugin, net/rpc, native code in a process", func() (caller, error) { return b.goPlugin(taskRPC) }},
		{"go-plugin, gRPC, native code in a process", func() (caller, error) { return b.goPlugin(taskGRPC) }},
	} {
		c, err := open.open()
		if err := add(open.name, c, err); err != nil {
			return err
		}
	}
	_, err := b.compare(measure.Table{
		Name: "peers", Title: "Other plugin hosts", Base: base,
		Notes: "The same 64 bytes there and back, every call timed alone. Extism without a timeout has nothing that ends a guest; with one it has wazero's own interruption, see the deadlines below. " +
			"Its guest copies through Extism's kernel, eight bytes at a time, as Extism's own kits do. go-plugin runs native code without any sandbox.",
	}, all)
	return err
}
