package main

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"bulkhead/abi"
	"bulkhead/sdk/sdktest"
	"bulkhead/sdk/sdktest/both"
)

// A row is one request and what must come of it.
type row struct {
	decision abi.Decision
	reason   string // what the reason contains
	request  abi.PolicyRequest
}

func allow(rule string, about ...fact) row {
	return row{abi.Allow, "rule " + rule + " allows", request(about)}
}

func deny(reason string, about ...fact) row {
	return row{abi.Deny, reason, request(about)}
}

// A fact changes the request of alice, an operator, for the tool inspect_label on a Wednesday at noon.
type fact func(*abi.PolicyRequest)

func request(about []fact) abi.PolicyRequest {
	q := abi.PolicyRequest{
		Principal: abi.Principal{ID: "alice", Expires: "2026-08-19T13:00:00Z"},
		Action:    "tools/call",
		Resource:  "inspect_label",
		Plugin:    "bulkhead/inspect",
		Arguments: json.RawMessage(`{}`),
		Transport: "http",
		Peer:      "127.0.0.1",
		Device:    abi.Device{Name: "press-7", Zone: "hall-2"},
		Now:       "2026-08-19T12:00:00Z",
		Clock:     abi.ClockTrusted,
		Phase:     abi.PhaseBefore,
	}
	for _, f := range about {
		f(&q)
	}
	return q
}

func by(id string) fact { return func(q *abi.PolicyRequest) { q.Principal.ID = id } }
func claims(text string) fact {
	return func(q *abi.PolicyRequest) {
		if err := json.Unmarshal([]byte(text), &q.Principal.Claims); err != nil {
			panic(err)
		}
	}
}
func does(action, resource string) fact {
	return func(q *abi.PolicyRequest) { q.Action, q.Resource = action, resource }
}
func with(arguments string) fact {
	return func(q *abi.PolicyRequest) { q.Arguments = json.RawMessage(arguments) }
}
func from(plugin string) fact { return func(q *abi.PolicyRequest) { q.Plugin = plugin } }
func at(now string) fact      { return func(q *abi.PolicyRequest) { q.Now = now } }
func clock(c abi.Clock) fact  { return func(q *abi.PolicyRequest) { q.Clock = c } }
func via(transport string) fact {
	return func(q *abi.PolicyRequest) { q.Transport = transport }
}
func on(device, zone string) fact {
	return func(q *abi.PolicyRequest) { q.Device = abi.Device{Name: device, Zone: zone} }
}

// anyone, anything makes the head of a rule about nothing in particular.
const anything = `"principals":["*"],"actions":["*"],"resources":["*"]`

func truthTable() []struct {
	name, config string
	rows         []row
} {
	return []struct {
		name, config string
		rows         []row
	}{
		{"who, what, on what", `{"rules":[{"name":"r","effect":"allow","principals":["alice","dev/*"],"actions":["tools/call","notifications/*"],"resources":["inspect_*",""]}]}`, []row{
			allow("r"),
			allow("r", by("dev/bob")),
			allow("r", by("dev/")),
			allow("r", does("notifications/initialized", "")),
			deny("no rule allows", by("Alice")),
			deny("no rule allows", by("alice2")),
			deny("no rule allows", by("dev")),
			deny("no rule allows", by("x-dev/bob")),
			deny("no rule allows", does("tools/list", "")),
			deny("no rule allows", does("Tools/call", "inspect_label")),
			deny("no rule allows", does("tools/call", "other")),
			deny("no rule allows", does("tools/callx", "inspect_label")),
		}},
		{"deny overrides, wherever it stands", `{"rules":[
			{"name":"all","effect":"allow",` + anything + `},
			{"name":"not-bob","effect":"deny","principals":["bob"],"actions":["*"],"resources":["*"]}]}`, []row{
			allow("all"),
			deny("rule not-bob denies", by("bob")),
		}},
		{"the first allowing rule is named", `{"rules":[
			{"name":"one","effect":"allow","principals":["bob"],"actions":["*"],"resources":["*"]},
			{"name":"two","effect":"allow",` + anything + `},
			{"name":"three","effect":"allow",` + anything + `}]}`, []row{
			allow("one", by("bob")),
			allow("two"),
		}},
		{"claims", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"claims":{"role":["operator","lead"],"site":["north"]}}]}`, []row{
			allow("r", claims(`{"role":"operator","site":"north"}`)),
			allow("r", claims(`{"role":["guest","lead"],"site":["north"]}`)),
			allow("r", claims(`{"role":[1,"lead"],"site":"north"}`)),
			deny("no rule allows"),
			deny("no rule allows", claims(`{"role":"operator"}`)),
			deny("no rule allows", claims(`{"role":"Operator","site":"north"}`)),
			deny("no rule allows", claims(`{"role":"operator*","site":"north"}`)),
			deny("no rule allows", claims(`{"Role":"operator","site":"north"}`)),
			deny("no rule allows", claims(`{"role":[],"site":"north"}`)),
			deny("claims.role can't be judged", claims(`{"role":{"operator":true},"site":"north"}`)),
			deny("claims.role can't be judged", claims(`{"role":true,"site":"north"}`)),
			deny("claims.role can't be judged", claims(`{"role":[["operator"]],"site":"north"}`)),
			deny("claims.role can't be judged", claims(`{"role":[null],"site":"north"}`)),
		}},
		{"a denying rule fires on what it can't judge", `{"rules":[
			{"name":"all","effect":"allow",` + anything + `},
			{"name":"guests","effect":"deny",` + anything + `,"claims":{"role":["guest"]}},
			{"name":"big","effect":"deny","principals":["*"],"actions":["*"],"resources":["big"],"arguments":{"/size":{"ge":100}}},
			{"name":"night","effect":"deny","principals":["*"],"actions":["*"],"resources":["night"],"hours":"22:00-06:00"}]}`, []row{
			allow("all"),
			allow("all", claims(`{"role":"operator"}`)),
			deny("rule guests denies", claims(`{"role":["operator","guest"]}`)),
			deny("rule guests denies, as its condition on claims.role can't be judged", claims(`{"role":{"is":"guest"}}`)),
			allow("all", does("tools/call", "big"), with(`{"size":99.9}`)),
			allow("all", does("tools/call", "big"), with(`{}`)),
			deny("rule big denies", does("tools/call", "big"), with(`{"size":100}`)),
			deny("rule big denies", does("tools/call", "big"), with(`{"size":1e2}`)),
			deny("can't be judged", does("tools/call", "big"), with(`{"size":"100"}`)),
			deny("can't be judged", does("tools/call", "big"), with(`{"size":null}`)),
			deny("can't be judged", does("tools/call", "big"), with(`{"size":[1]}`)),
			deny("can't be judged", does("tools/call", "big"), with(`{"size":-9007199254740993}`)),
			allow("all", does("tools/call", "night")),
			deny("rule night denies", does("tools/call", "night"), at("2026-08-19T23:00:00Z")),
			deny("hours can't be judged", does("tools/call", "night"), clock(abi.ClockUnsynchronised)),
		}},
		{"arguments", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"arguments":{
			"/mode":{"in":["fast","slow"]},"/size":{"ge":1,"le":10},"/on":{"eq":true},"/debug":{"present":false},
			"/list/1":{"eq":"b"},"/a~1b~0c":{"present":true}}}]}`, []row{
			allow("r", with(`{"mode":"fast","size":10,"on":true,"list":["a","b"],"a/b~c":null}`)),
			allow("r", with(`{"mode":"slow","size":1.0,"on":true,"list":{"1":"b"},"a/b~c":{}}`)),
			deny("no rule allows", with(`{"mode":"fast","size":10,"on":true,"list":["a","b"]}`)),
			deny("no rule allows", with(`{"mode":"fast","size":10.5,"on":true,"list":["a","b"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":0,"on":true,"list":["a","b"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"Fast","size":5,"on":true,"list":["a","b"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":5,"on":false,"list":["a","b"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":5,"on":true,"list":["a"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":5,"on":true,"list":["b","a"],"a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":5,"on":true,"list":"ab","a/b~c":1}`)),
			deny("no rule allows", with(`{"mode":"fast","size":5,"on":true,"list":["a","b"],"a/b~c":1,"debug":null}`)),
			deny("arguments./on can't be judged", with(`{"mode":"fast","size":5,"on":"true","list":["a","b"],"a/b~c":1}`)),
			deny("arguments./size can't be judged", with(`{"mode":"fast","size":"5","on":true,"list":["a","b"],"a/b~c":1}`)),
			deny("no rule allows", with(``)),
		}},
		{"one way to write an index", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"arguments":{"/a/01":{"present":false},"/a/+1":{"present":false},"/a/-":{"present":false},"/a/1":{"present":true}}}]}`, []row{
			allow("r", with(`{"a":["x","y"]}`)),
			deny("no rule allows", with(`{"a":{"1":"y","01":"x"}}`)),
		}},
		{"numbers that look alike", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"arguments":{"/n":{"eq":9007199254740991}}}]}`, []row{
			allow("r", with(`{"n":9007199254740991}`)),
			deny("no rule allows", with(`{"n":9007199254740990}`)),
			deny("can't be judged", with(`{"n":9007199254740993}`)),
		}},
		{"devices, zones, transports, plugins", `{"rules":[{"name":"r","effect":"allow",` + anything + `,
			"devices":["press-*"],"zones":["hall-2"],"transports":["http"],"plugins":["bulkhead/*"]}]}`, []row{
			allow("r"),
			deny("no rule allows", on("saw-1", "hall-2")),
			deny("no rule allows", on("press-1", "hall-3")),
			deny("no rule allows", via("stdio")),
			deny("no rule allows", from("acme/inspect")),
			deny("no rule allows", from("")),
		}},
		{"hours and days", `{"utc_offset":"+02:00","rules":[{"name":"shift","effect":"allow",` + anything + `,"hours":"06:00-22:00","days":["mon","wed"]}]}`, []row{
			allow("shift"),
			allow("shift", clock(abi.ClockFloor)),
			allow("shift", at("2026-08-19T04:00:00Z")),
			deny("no rule allows", at("2026-08-19T03:59:59.999Z")),
			allow("shift", at("2026-08-19T19:59:59.999Z")),
			deny("no rule allows", at("2026-08-19T20:00:00Z")),
			deny("no rule allows", at("2026-08-20T12:00:00Z")),
			deny("hours can't be judged", clock(abi.ClockUnsynchronised)),
			deny("hours can't be judged", clock("")),
			deny("hours can't be judged", clock("Trusted")),
			deny("hours can't be judged", at("noon")),
		}},
		{"over midnight", `{"utc_offset":"-01:30","rules":[{"name":"night","effect":"allow",` + anything + `,"hours":"22:00-06:00"}]}`, []row{
			allow("night", at("2026-08-19T23:30:00Z")),
			allow("night", at("2026-08-19T01:00:00Z")),
			deny("no rule allows", at("2026-08-19T07:30:00Z")),
			deny("no rule allows", at("2026-08-19T23:29:00Z")),
		}},
		{"days alone", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"days":["sun"]}]}`, []row{
			allow("r", at("2026-08-23T00:00:00Z")),
			deny("no rule allows", at("2026-08-24T00:00:00Z")),
			deny("days can't be judged", clock(abi.ClockUnsynchronised)),
		}},
		{"to the end of the day", `{"rules":[{"name":"r","effect":"allow",` + anything + `,"hours":"18:00-24:00"}]}`, []row{
			allow("r", at("2026-08-19T23:59:59Z")),
			deny("no rule allows", at("2026-08-20T00:00:00Z")),
		}},
	}
}

func TestDecide(t *testing.T) {
	both.Run(t, sdktest.Config{}, func(t *testing.T, p *sdktest.Plugin) {
		for _, table := range truthTable() {
			if err := p.Configure(table.config); err != nil {
				t.Fatalf("%s: %v", table.name, err)
			}
			for i, r := range table.rows {
				a, err := p.Policy(r.request)
				if err != nil || a.Decision != r.decision || !strings.Contains(a.Reason, r.reason) {
					t.Errorf("%s, row %d: got %s (%s), error %v; want %s (%s)", table.name, i, a.Decision, a.Reason, err, r.decision, r.reason)
				}
			}
		}
	})
}

// A phase that the policy does not know is denied, whatever the rules say. The host relies on it in the self-test.
func TestUnknownPhase(t *testing.T) {
	both.Run(t, sdktest.Config{}, func(t *testing.T, p *sdktest.Plugin) {
		if err := p.Configure(`{"rules":[{"name":"all","effect":"allow",` + anything + `}]}`); err != nil {
			t.Fatal(err)
		}
		for phase, want := range map[abi.Phase]abi.Decision{abi.PhaseBefore: abi.Allow, abi.PhaseAfter: abi.Allow, "during": abi.Deny} {
			q := request(nil)
			q.Phase = phase
			a, err := p.Policy(q)
			if err != nil || a.Decision != want {
				t.Errorf("phase %s: %s (%s), error %v; want %s", phase, a.Decision, a.Reason, err, want)
			}
		}
		got, err := p.Raw(readFile(t, "testdata/phase.json"))
		if want := readFile(t, "testdata/phase.out.json"); err != nil || !sameJSON(t, got, want) {
			t.Errorf("self-test: got %s, %v; want %s", got, err, want)
		}
	})
}

func readFile(t *testing.T, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sameJSON(t *testing.T, a, b []byte) bool {
	var va, vb any
	if err := errors.Join(json.Unmarshal(a, &va), json.Unmarshal(b, &vb)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(va, vb)
}
