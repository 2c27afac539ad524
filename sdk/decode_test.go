package sdk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/sdk"
)

type base struct {
	ID    string `json:"id"`
	Clash string
}

type left struct{ Twin int }
type right struct{ Twin int }

type ring struct {
	*rest //lint:ignore U1000 an embedded ring
	ID    int
}

//lint:ignore U1000 an embedded ring
type rest struct{ *ring }

type upper string

func (u *upper) UnmarshalText(b []byte) error { *u = upper(strings.ToUpper(string(b))); return nil }

type settings struct {
	base
	Plain  int
	Named  string `json:"named,omitempty"`
	Hidden string `json:"-"`
	//lint:ignore SA5008 a field named "-" is what is tested
	Dash    string             `json:"-,"`
	Pointer *base              `json:"pointer"`
	List    []base             `json:"list"`
	Pair    [2]int             `json:"pair"`
	Map     map[string]base    `json:"map"`
	Raw     json.RawMessage    `json:"raw"`
	Any     any                `json:"any"`
	When    time.Time          `json:"when"`
	Upper   upper              `json:"upper"`
	Numbers map[string]float64 `json:"numbers"`
	private string
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		json string
		ok   bool
	}{
		{`{}`, true},
		{`{"id":"a","Clash":"b"}`, true},
		{`{"ID":"a"}`, false},
		{`{"clash":"b"}`, false},
		{`{"base":{"id":"a"}}`, false},
		{`{"Plain":1}`, true},
		{`{"plain":1}`, false},
		{`{"Named":"a"}`, false},
		{`{"Hidden":"a"}`, false},
		{`{"-":"a"}`, true},
		{`{"private":"a"}`, false},
		{`{"pointer":{"id":"a"}}`, true},
		{`{"pointer":null}`, true},
		{`{"pointer":{"Id":"a"}}`, false},
		{`{"list":[{"id":"a"},{"id":"b"}]}`, true},
		{`{"list":[{"id":"a"},{"Id":"b"}]}`, false},
		{`{"list":{"id":"a"}}`, false},
		{`{"pair":[1,2]}`, true},
		{`{"pair":[1]}`, false},
		{`{"pair":[1,2,3]}`, false},
		{`{"pair":[1,2.5]}`, false},
		{`{"map":{"a":{"id":"a"},"A":{}}}`, true},
		{`{"map":{"a":{"iD":"a"}}}`, false},
		{`{"map":{"a":{},"a":{}}}`, false},
		{`{"raw":{"anything":[1,{"a":2}]}}`, true},
		{`{"raw":{"a":1,"a":2}}`, false},
		{`{"any":{"a":1,"A":2}}`, true},
		{`{"any":{"a":1,"\u0061":2}}`, false},
		{`{"when":"2026-11-22T10:00:00Z"}`, true},
		{`{"when":"soon"}`, false},
		{`{"upper":"a"}`, true},
		{`{"numbers":{"a":1e999}}`, false},
		{`{"numbers":{"a":1e3}}`, true},
		{`{"named":"\\","Plain":1}`, true},
		{`{"named":"\\\"","Plain":1}`, true},
		{`{"named":"\\ud800"}`, true},
		{`{"named":"\\\ud800"}`, false},
		{`{"named":"\ud83d\ude00"}`, true},
		{`{"named":"\ud83d\\ude00"}`, false},
		{`{"\u006eamed":"a"}`, true},
		{`{"\u004eamed":"a"}`, false},
		{" {\t\"named\" :\r\n\"a\" , \"Plain\" : 1 } ", true},
	} {
		var v settings
		if err := sdk.Decode([]byte(c.json), &v); (err == nil) != c.ok {
			t.Errorf("Decode(%s) = %v", c.json, err)
		}
	}
}

func TestDecodeGives(t *testing.T) {
	var v settings
	text := `{"id":"a","list":[{"id":"b"}],"raw": {"x" : 1} ,"numbers":{"n":0.5},"upper":"u"}`
	if err := sdk.Decode([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	want := settings{
		base: base{ID: "a"}, private: "", List: []base{{ID: "b"}}, Raw: json.RawMessage(`{"x" : 1}`),
		Numbers: map[string]float64{"n": 0.5}, Upper: "U",
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
}

// TestDecodeEmbedded has names that encoding/json gives to no field, or would give to one that differs in case.
func TestDecodeEmbedded(t *testing.T) {
	type deeper struct{ Twin, Deep int }
	type self struct {
		*self //lint:ignore U1000 a type that embeds itself
		ID    int
	}
	refuse := func(v any, text string) {
		t.Helper()
		if err := sdk.Decode([]byte(text), v); err == nil {
			t.Errorf("Decode(%s) gives %+v", text, v)
		}
	}
	accept := func(v any, text string) {
		t.Helper()
		if err := sdk.Decode([]byte(text), v); err != nil {
			t.Errorf("Decode(%s): %v", text, err)
		}
	}
	refuse(&struct {
		left
		right
	}{}, `{"Twin":1}`)
	refuse(&struct {
		left
		right
		TWIN int
	}{}, `{"Twin":1}`)
	refuse(&struct {
		base `json:"base"`
		Id   int
	}{}, `{"id":1}`)
	type one struct{ left }
	type two struct{ left }
	refuse(&struct {
		one
		two
		TWIN int
	}{}, `{"Twin":1}`)
	accept(&struct {
		left
		deeper
		Twin int
	}{}, `{"Twin":1,"Deep":2}`)
	accept(&self{}, `{"ID":1}`)
	refuse(&self{}, `{"id":1}`)
	refuse(&struct{ ring }{}, `{"id":1}`)
}

func TestDecodeNeedsPointer(t *testing.T) {
	for _, v := range []any{nil, settings{}, map[string]any{}} {
		if err := sdk.Decode([]byte("{}"), v); err == nil {
			t.Errorf("Decode into %T", v)
		}
	}
	if err := sdk.Decode([]byte("{}"), (*settings)(nil)); err == nil {
		t.Error("Decode into a nil pointer")
	}
}

func TestDecodeDepth(t *testing.T) {
	type chain struct {
		Next *chain `json:"next"`
	}
	nest := func(depth int) []byte {
		return []byte(strings.Repeat(`{"next":`, depth-1) + "{}" + strings.Repeat("}", depth-1))
	}
	if err := sdk.Decode(nest(abi.MaxJSONDepth), new(chain)); err != nil {
		t.Errorf("depth %d: %v", abi.MaxJSONDepth, err)
	}
	if err := sdk.Decode(nest(abi.MaxJSONDepth+1), new(chain)); err == nil {
		t.Errorf("depth %d is accepted", abi.MaxJSONDepth+1)
	}
	for _, v := range []any{"a", 1, nil} {
		if err := sdk.Decode(fmt.Appendf(nil, `[%s]`, must(json.Marshal(v))), new([]any)); err != nil {
			t.Error(err)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestDecodeErrorsAreShort has a name of a megabyte in every place that an error might quote.
func TestDecodeErrorsAreShort(t *testing.T) {
	name := strings.Repeat("n", 1<<20)
	for _, text := range []string{`{"` + name + `":1}`, `{"raw":{"` + name + `":1,"` + name + `":1}}`, `{"when":"` + name + `"}`} {
		err := sdk.Decode([]byte(text), new(settings))
		if err == nil || len(err.Error()) > 4<<10 {
			t.Errorf("error of %d bytes", len(fmt.Sprint(err)))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var q abi.PolicyRequest
		if sdk.Decode(data, &q) != nil {
			return
		}
		again, err := json.Marshal(q)
		if err != nil {
			t.Fatalf("what was decoded does not encode: %v", err)
		}
		var back abi.PolicyRequest
		if err := sdk.Decode(again, &back); err != nil {
			t.Fatalf("what was encoded does not decode: %v\n%s", err, again)
		}
	})
}
