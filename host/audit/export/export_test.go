package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"bulkhead/host/gate"
)

// entry completes an entry as the log does.
func entry(t testing.TB, index uint64, e gate.Entry) *Entry {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	sum := sha256.Sum256(body)
	return &Entry{Entry: e, Index: index, Hash: hex.EncodeToString(sum[:]), Body: body}
}

func full() gate.Entry {
	return gate.Entry{
		ID: "01932c07-209f-7000-8000-000000000000", Timestamp: "2026-11-26T13:00:00.123456Z", Actor: "alice", Action: "tools/call",
		Resource: "tool/digits_read", Outcome: gate.Success, TraceID: strings.Repeat("a", 32), PreviousHash: strings.Repeat("0", 64),
		Kind: gate.KindResult, Event: gate.CallResult, Call: "01932c07-209f-7000-8000-000000000001", Parent: "00f067aa0ba902b7", Reason: "because",
		Plugins: []gate.PluginRef{{Alias: "auth", Digest: "d1", Backend: "wazero/process"}, {Alias: "digits", Digest: "d2", Module: "plugin.wasm", ModuleDigest: "d3"}},
		Workers: []gate.WorkerRef{{Backend: "wasmtime", Digest: "d4"}}, Request: "r1", Response: "r2", Verdict: &gate.Verdict{Outcome: "redact", Reason: "no names"},
		Grants: []string{"sign", "infer"}, Micros: 1234, Fuel: 18446744073709551615, Reported: true, Count: 7, First: "f", Last: "l",
		Detail: json.RawMessage(`{"a":[1,"b|c=d]\""]}`), Development: true,
	}
}

func plain() gate.Entry {
	return gate.Entry{
		ID: "01932c07-209f-7000-8000-000000000000", Timestamp: "2026-11-26T13:00:00.000000Z", Actor: "system/host", Action: "host/start",
		Resource: "device-7", Outcome: gate.Success, PreviousHash: strings.Repeat("0", 64), Kind: gate.KindHost, Event: gate.HostStart,
	}
}

func encode(t testing.TB, f Format, o Options, e *Entry) ([]byte, *Encoder) {
	t.Helper()
	c, err := New(f, o)
	if err != nil {
		t.Fatal(err)
	}
	return c.Append(nil, e), c
}

// hostile are words that have broken somebody's log.
var hostile = []string{
	"", "plain", "two\nlines", "cr\r\nlf", "nul\x00", "esc \x1b[2J", "bell\a\b\t\v\f", "del\x7f", "csi \u009b2J", "nel\u0085line", "ls\u2028ps\u2029",
	"bidi \u202e txt", "zero\u200bwidth", "\ufeffbom", "tag\U000e0041", "broken \xff\xfe", "half \xe2\x82", "surrogate \xed\xa0\x80", "\ufffd",
	`quote " quote`, `back \ slash`, `\`, `\\`, `\n`, `\x1b`, `ends in \`, "bracket ] [", "a=b", "a=b c=d", " act=forged", "x|y|z|9|", "|", "=", "]", `"`, `"]`, `\]`,
	" ", "  both  ends  ", "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\n=1", "\r@x", " =1", `"=1"`, `'=1`, "x;=1+1", "x, =1", "x;\"=1", "＝1", "ａ；＝1", "%0A",
	"CEF:0|x|y|z|1|n|9|act=x", "<0>1 - - - - - -", `\u003d`, strings.Repeat("long ", 3000), "ü", "日本語", "🙂",
}

// check decodes the entry from every format and compares all fields.
func check(t testing.TB, e *Entry) {
	t.Helper()
	want := map[string]string{}
	keys := map[string]string{}
	for _, f := range e.fields() {
		want[f.name] = f.value
		keys[f.cef] = f.name
	}
	checkJSON(t, e)
	checkCSV(t, e, want)
	checkCEF(t, e, want, keys)
	checkSyslog(t, e, want)
}

func checkJSON(t testing.TB, e *Entry) {
	t.Helper()
	line, _ := encode(t, JSONLines, Options{}, e)
	body, index, err := decodeJSON(line)
	if err != nil || index != e.Index || !bytes.Equal(body, e.Body) {
		t.Fatalf("JSON %q: %v", line, err)
	}
	shown(t, string(line[:len(line)-1]))
}

func checkCSV(t testing.TB, e *Entry, want map[string]string) {
	t.Helper()
	line, c := encode(t, CSV, Options{}, e)
	got, err := decodeCSV(c.Title, line)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("CSV %q\n%v\n%v\n%v", line, got, want, err)
	}
	shown(t, string(line[:len(line)-2]))
	inert(t, string(line))
}

func checkCEF(t testing.TB, e *Entry, want, keys map[string]string) {
	t.Helper()
	line, _ := encode(t, CEF, Options{Origin: "bulkhead/a=b|c/1", Host: "a|b=c", Version: `1|2\`}, e)
	header, extension, err := decodeCEF(line)
	if err != nil || header[0] != "CEF:0" || header[1] != "Bulkhead" || header[2] != "bulkhead" || header[3] != `1|2\\` {
		t.Fatalf("CEF %q: %q, %v", line, header, err)
	}
	if event, err := words(header[4]); err != nil || event != string(e.Event) {
		t.Fatalf("CEF event %q, %v", header[4], err)
	}
	if severity, err := strconv.Atoi(header[6]); err != nil || severity < 0 || severity > 10 {
		t.Fatalf("CEF severity %q", header[6])
	}
	if extension["deviceExternalId"] != "bulkhead/a=b|c/1" || extension["dvchost"] != "a|b=c" {
		t.Fatalf("CEF device %q", extension)
	}
	for _, key := range []string{"deviceExternalId", "dvchost", "rt"} {
		delete(extension, key)
	}
	for key, name := range keys {
		if extension[key] != want[name] {
			t.Fatalf("CEF %q\n%s is %q, want %q", line, key, extension[key], want[name])
		}
		delete(extension, key)
	}
	if len(extension) > 0 {
		t.Fatalf("CEF has also %q", extension)
	}
	shown(t, string(line[:len(line)-1]))
}

func checkSyslog(t testing.TB, e *Entry, want map[string]string) {
	t.Helper()
	line, _ := encode(t, Syslog, Options{Origin: "bulkhead/dev 7/1", Host: "dev 7"}, e)
	text, ended := strings.CutSuffix(string(line), "\n")
	m, err := parseSyslog(text)
	if err != nil || !ended {
		t.Fatalf("syslog %q: %v", line, err)
	}
	if m.host != "dev_7" || m.app != "bulkhead" || m.proc != "-" || m.sd != "bulkhead@32473" || m.params["log"] != "bulkhead/dev 7/1" || m.pri/8 != 13 {
		t.Fatalf("syslog %+v", m)
	}
	for name, value := range want {
		if got, err := words(m.params[name]); err != nil || got != value {
			t.Fatalf("syslog %q\n%s is %q, want %q: %v", line, name, got, value, err)
		}
	}
	shown(t, strings.Replace(text, "\ufeff", "", 1))
	counted, _ := encode(t, Syslog, Options{Origin: "bulkhead/dev 7/1", Host: "dev 7", CountOctets: true}, e)
	if length, rest, ok := strings.Cut(string(counted), " "); !ok || length != strconv.Itoa(len(rest)) || rest != text {
		t.Fatalf("counted %.80q", counted)
	}
}

// shown fails if anything in the line does not show.
func shown(t testing.TB, line string) {
	t.Helper()
	if !utf8.ValidString(line) {
		t.Fatalf("not UTF-8: %q", line)
	}
	for _, r := range line {
		if !gate.Visible(r) {
			t.Fatalf("%U in %q", r, line)
		}
	}
}

// inert fails if a spreadsheet set to any separator, with or without quotes, finds a formula.
func inert(t testing.TB, line string) {
	t.Helper()
	for _, separators := range []string{",", ";", "|", ",;|"} {
		for _, c := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			if c = strings.TrimLeft(c, ` "'`); c != "" && strings.ContainsRune("=+-@＝＋－＠\t\r", []rune(c)[0]) && c != "\r\n" {
				t.Fatalf("with %q a cell begins with %.20q in %q", separators, c, line)
			}
		}
	}
}

func TestEveryFormatKeepsEveryField(t *testing.T) {
	check(t, entry(t, 0, plain()))
	check(t, entry(t, 1<<40, full()))
}

func TestHostileWords(t *testing.T) {
	for _, w := range hostile {
		if utf8.ValidString(w) { // the log's entries are valid UTF-8
			e := plain()
			detail, err := json.Marshal(map[string]string{"x": w})
			if err != nil {
				t.Fatal(err)
			}
			e.Detail, e.Reason, e.Resource, e.Actor, e.Action = detail, w, w, w, w
			e.Grants, e.Plugins, e.Verdict = []string{w, w}, []gate.PluginRef{{Alias: w}}, &gate.Verdict{Outcome: w, Reason: w}
			check(t, entry(t, 3, e))
		}
		e := entry(t, 3, plain())
		e.Reason, e.Resource, e.Event, e.Kind, e.Outcome, e.ID, e.Timestamp = w, w, gate.Event(w), gate.Kind(w), gate.Outcome(w), w, w
		check(t, e)
	}
}

// A detail comes as the plugin wrote it: raw characters that a line's reader may take for its end stay one line.
func TestRawDetail(t *testing.T) {
	e := plain()
	e.Detail = json.RawMessage("{\"x\":\"a\u0085b\u009bc\u202ed\ufeffe\U000e0041\"}")
	with := entry(t, 3, e)
	check(t, with)
	line, _ := encode(t, JSONLines, Options{}, with)
	if !bytes.Contains(line, []byte(`"bytes":"`)) || !bytes.Contains(line, []byte(`\udb40\udc41`)) {
		t.Errorf("%s", line)
	}
	line, _ = encode(t, JSONLines, Options{}, entry(t, 3, plain()))
	if bytes.Contains(line, []byte(`"bytes"`)) {
		t.Errorf("bytes for nothing: %s", line)
	}
}

func TestGolden(t *testing.T) {
	e := entry(t, 41, plain())
	e.Reason, e.Hash = `a "b]" c=d|e`, "h"
	for f, want := range map[Format]string{
		JSONLines: `{"index":41,"hash":"h","entry":` + string(e.Body) + "}\n",
		CEF: `CEF:0|Bulkhead|bulkhead|1.0|host.start|host start|4|rt=1795698000000 dvchost=d7 deviceExternalId=bulkhead/d7/k bulkheadIndex=41 bulkheadHash=h ` +
			`externalId=01932c07-209f-7000-8000-000000000000 bulkheadTimestamp=2026-11-26T13:00:00.000000Z bulkheadEvent=host.start cat=host outcome=success ` +
			`suser=system/host act=host/start bulkheadResource=device-7 reason=a "b]" c\=d|e bulkheadPreviousHash=` + strings.Repeat("0", 64) + "\n",
		Syslog: `<109>1 2026-11-26T13:00:00.000000Z d7 bulkhead - host.start [bulkhead@32473 log="bulkhead/d7/k" index="41" hash="h" ` +
			`id="01932c07-209f-7000-8000-000000000000" timestamp="2026-11-26T13:00:00.000000Z" event="host.start" kind="host" outcome="success" ` +
			`actor="system/host" action="host/start" resource="device-7" reason="a \"b\]\" c=d|e" previous_hash="` + strings.Repeat("0", 64) + `"] ` +
			`system/host host/start device-7 success: a "b]" c=d|e` + "\n",
	} {
		if got, _ := encode(t, f, Options{Origin: "bulkhead/d7/k", Host: "d7", Version: "1.0"}, e); string(got) != want {
			t.Errorf("%s\n%s%s", f, got, want)
		}
	}
}

func TestCells(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a b": "a b", "  a ": `\x20\x20a\x20`, " ": `\x20`, "a\n": `a\n`, "=1": `\x3d1`, "a-b": "a-b", "a, -b": `a, \x2db`, "＝": `\uff1d`,
	} {
		if got := cell(in); got != want {
			t.Errorf("cell of %q is %q, want %q", in, got, want)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		event   gate.Event
		outcome gate.Outcome
		syslog  level
		cef     int
	}{
		{gate.CallResult, gate.Success, 6, 2},
		{gate.CallResult, gate.Failure, 4, 6},
		{gate.CallResult, gate.Partial, 4, 6},
		{gate.CallResult, "", 4, 6},
		{gate.KeyRotate, gate.Success, 5, 4},
		{gate.AuthFailure, gate.Failure, 4, 6},
		{gate.PluginRefuse, gate.Failure, 3, 8},
		{gate.AuditOff, gate.Success, 2, 10},
		{"new.event", gate.Success, 6, 2},
	} {
		l := levelOf(&Entry{Entry: gate.Entry{Event: tt.event, Outcome: tt.outcome}})
		if l != tt.syslog || l.cef() != tt.cef {
			t.Errorf("%s %s: %d, %d", tt.event, tt.outcome, l, l.cef())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	n := 24
	for name, try := range map[string]func() (*Encoder, error){
		"format":   func() (*Encoder, error) { return New("xml", Options{}) },
		"facility": func() (*Encoder, error) { return New(Syslog, Options{Facility: &n}) },
		"octets":   func() (*Encoder, error) { return New(CSV, Options{CountOctets: true}) },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// Python's csv module is nobody's copy of Go's.
func TestPythonReadsTheCSV(t *testing.T) {
	c, err := New(CSV, Options{})
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Clone(c.Title)
	var want []string
	for i, w := range hostile {
		e := entry(t, uint64(i), plain())
		e.Reason = w
		data = c.Append(data, e)
		want = append(want, cell(w))
	}
	python := exec.Command("python3", "-c", `
import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="strict", newline="")
csv.field_size_limit(1 << 30)
print(json.dumps([r["reason"] for r in csv.DictReader(text, strict=True)]))`)
	python.Stdin = bytes.NewReader(data)
	out, err := python.Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%q\n%q", err, got, want)
	}
}

func FuzzFields(f *testing.F) {
	for i, w := range hostile {
		f.Add(w, hostile[len(hostile)-1-i], w, uint64(i), int64(-i), []byte(`{"a":1}`))
	}
	f.Fuzz(func(t *testing.T, a, b, c string, n uint64, m int64, detail []byte) {
		e := &Entry{Index: n, Hash: strings.Repeat("0", 64)}
		e.Actor, e.Action, e.Reason, e.Resource, e.Event, e.Kind, e.Outcome = a, b, c, a+b, gate.Event(b), gate.Kind(c), gate.Outcome(a)
		e.Timestamp, e.TraceID, e.Parent, e.ID, e.Call, e.First, e.Last = c, b, a, a, b, c, a
		e.Fuel, e.Micros, e.Count, e.Detail, e.Grants = n, m, m, detail, nil
		if utf8.ValidString(a + b) {
			e.Grants = []string{a, b}
		}
		want, keys := map[string]string{}, map[string]string{}
		for _, f := range e.fields() {
			want[f.name], keys[f.cef] = f.value, f.name
		}
		checkCSV(t, e, want)
		checkCEF(t, e, want, keys)
		checkSyslog(t, e, want)
		if json.Valid(detail) {
			x := plain()
			x.Actor, x.Reason, x.Detail = a, c, detail
			checkJSON(t, entry(t, n, x))
		}
	})
}
