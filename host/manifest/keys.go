package manifest

import (
	"strings"

	"bulkhead/host/gate"
)

// A kind is what a key's value must be.
type kind int

const (
	text    kind = iota
	texts        // array of strings, none twice
	number       // integer
	table        // of the keys below it in the table of keys
	setting      // table of anything that has a JSON form
)

// A rule is one line of the table of keys.
type rule struct {
	key      string // dotted; * is any name
	kind     kind
	required bool
	some     bool             // texts, table: at least one member
	name     func(any) string // what is wrong with the name that * stands for; nil: nothing
	check    func(any) string // what is wrong with the string, or each of the strings, or the int64; nil: nothing
	hint     string           // how to write it right
}

// makeWorker says where the program of a worker comes from.
const makeWorker = "make host-wasmtime builds it, and prints its path and digest as they belong here"

// hostKeys is every key of host.toml.
func hostKeys() []rule {
	return []rule{
		{key: "schema", kind: number, required: true, check: between(1, 1), hint: "schema = 1"},
		{key: "serial", kind: number, required: true, check: between(1, maxSerial), hint: "serial = 1, one more with every change"},
		{key: "state", kind: text, required: true, check: localPath, hint: `state = "state"`},
		{key: "pipeline", kind: table, required: true, hint: "[pipeline] names the auth plugin and the policies"},
		{key: "pipeline.auth", kind: text, required: true, check: alias, hint: `auth = "ALIAS"`},
		{key: "pipeline.policy", kind: texts, required: true, some: true, check: alias, hint: `policy = ["ALIAS"]: without a policy nothing is ever allowed`},
		{key: "listen", kind: table},
		{key: "listen.http", kind: text, check: loopback, hint: `http = "127.0.0.1:8080", or "[::1]:8080"`},
		{key: "listen.origins", kind: texts, check: origin, hint: `origins = ["https://app.example.com"]`},
		{key: "listen.audience", kind: text, check: audience},
		{key: "sandbox", kind: table},
		{key: "sandbox.require", kind: texts, some: true, check: slot, hint: `require = ["namespaces"]: layers of the sandbox to insist on, as bin/host check lists them`},
		{key: "audit", kind: table},
		{key: "audit.level", kind: text, check: limit(gate.ParseLevel), hint: `level = "minimal", "standard" or "detailed"; "off" records nothing`},
		{key: "audit.except", kind: texts, some: true, check: selector, hint: `except = ["auth.success"]: events that are left out, as bin/host audit events lists them`},
		{key: "audit.sign_each", kind: texts, some: true, check: selector, hint: `sign_each = ["key.*"]: events whose entries are signed one by one`},
		{key: "audit.retention", kind: text, check: limit(ParseRetention), hint: `retention = "90d", or "forever"`},
		{key: "audit.exported", kind: texts, some: true, check: localPath, hint: `exported = ["siem.cursor"]: cursors of bin/host audit export that pruning waits for`},
		{key: "audit.segment", kind: text, check: limit(ParseSegment), hint: `segment = "8MiB"; units are KiB, MiB and GiB, from 64KiB to 1GiB`},
		{key: "audit.origin", kind: text, check: originLine, hint: `origin = "example.com/press-7"`},
		{key: "backend", kind: table, some: true},
		{key: "backend.wasmtime", kind: table, hint: makeWorker},
		{key: "backend.wasmtime.path", kind: text, required: true, check: anyPath, hint: makeWorker},
		{key: "backend.wasmtime.digest", kind: text, required: true, check: digest, hint: makeWorker},
		{key: "publisher", kind: table, required: true, some: true, hint: "[publisher.NAME] says whose plugins may load"},
		{key: "publisher.*", kind: table, name: alias},
		{key: "publisher.*.keys", kind: texts, required: true, some: true, check: localPath, hint: `keys = ["keys/NAME.pub"]`},
		{key: "publisher.*.threshold", kind: number, required: true, check: between(1, maxSignatures), hint: "threshold = 1"},
		{key: "publisher.*.may_sign", kind: texts, required: true, some: true, check: pattern, hint: `may_sign = ["NAME/*"]`},
		{key: "publisher.*.roles", kind: texts, required: true, some: true, check: role, hint: `roles = ["tool", "model"]`},
		{key: "plugin", kind: table, required: true, some: true, hint: "[plugin.ALIAS], one for each plugin"},
		{key: "plugin.*", kind: table, name: alias},
		{key: "plugin.*.bundle", kind: text, required: true, check: localPath, hint: `bundle = "bundles/NAME"`},
		{key: "plugin.*.is", kind: text, required: true, check: signedName, hint: `is = "PUBLISHER/NAME", or "PUBLISHER/NAME@1.4.2"`},
		{key: "plugin.*.digest", kind: text, check: digest, hint: `digest = "sha256:" and 64 hex digits, as bin/host check prints it`},
		{key: "plugin.*.role", kind: text, required: true, check: role, hint: `role = "auth", "policy", "tool" or "model"`},
		{key: "plugin.*.backend", kind: text, check: backend, hint: `backend = "wazero" or "wasmtime"`},
		{key: "plugin.*.isolation", kind: text, required: true, check: limit(ParseIsolation), hint: `isolation = "process", or "inline" for a plugin that you trust as you trust the host`},
		{key: "plugin.*.memory", kind: text, required: true, check: limit(ParseMemory), hint: `memory = "32MiB"; units are KiB, MiB and GiB, from 64KiB to 4GiB`},
		{key: "plugin.*.timeout", kind: text, required: true, check: limit(ParseTimeout), hint: `timeout = "2s"; units are ms, s and m, from 1ms to 10m`},
		{key: "plugin.*.fuel", kind: text, required: true, check: limit(ParseFuel), hint: `fuel = "500M"; K, M, G and T are powers of 1000, from 1 to 1125T`},
		{key: "plugin.*.instances", kind: number, check: between(1, MaxInstances), hint: "instances = 2: how many calls are at work at once"},
		{key: "plugin.*.prefix", kind: text, check: prefix},
		{key: "plugin.*.grant", kind: table, required: true, hint: "grant = {} grants nothing; grant.log = {} grants log"},
		{key: "plugin.*.grant.log", kind: table},
		{key: "plugin.*.grant.audit", kind: table},
		{key: "plugin.*.grant.attest", kind: table},
		{key: "plugin.*.grant.stateful", kind: table},
		{key: "plugin.*.grant.sign", kind: table, some: true, hint: `grant.sign = { SLOT = "KEY-ID" }`},
		{key: "plugin.*.grant.sign.*", kind: text, name: slot, check: keyID},
		{key: "plugin.*.grant.infer", kind: table, some: true, hint: `grant.infer = { SLOT = "ALIAS" }`},
		{key: "plugin.*.grant.infer.*", kind: text, name: slot, check: alias},
		{key: "plugin.*.config", kind: setting},
	}
}

// deviceKeys is every key of device.toml.
func deviceKeys() []rule {
	return []rule{
		{key: "name", kind: text, required: true, check: label, hint: `name = "press-7"`},
		{key: "zone", kind: text, required: true, check: label, hint: `zone = "hall-2"`},
		{key: "keys", kind: text, required: true, check: keyStore, hint: `keys = "file"`},
		{key: "key_folder", kind: text, required: true, check: localPath, hint: `key_folder = "keys/device"`},
	}
}

// A branch is the table of keys as a tree.
type branch struct {
	rule
	members map[string]*branch // by exact name, or "*"
}

func tree(rules []rule) *branch {
	root := &branch{rule: rule{kind: table}, members: map[string]*branch{}}
	for _, r := range rules {
		b, parts := root, strings.Split(r.key, ".")
		for _, part := range parts[:len(parts)-1] {
			b = b.members[part]
		}
		b.members[parts[len(parts)-1]] = &branch{rule: r, members: map[string]*branch{}}
	}
	return root
}

// member returns the rule for a name, nil if there is none.
func (b *branch) member(name string) *branch {
	if m, ok := b.members["*"]; ok {
		return m
	}
	return b.members[name]
}
