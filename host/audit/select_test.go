package audit

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bulkhead/host/gate"
)

// heap is a log in memory.
type heap struct {
	entries []gate.Entry
	err     error
}

func (h *heap) Append(_ context.Context, e gate.Entry) (gate.Receipt, error) {
	h.entries = append(h.entries, e)
	return gate.Receipt{Entry: "id", Index: 7}, h.err
}

// full is an entry of an event with every member that the catalogue gives it.
func complete(t *testing.T, r gate.Record) (e gate.Entry) {
	t.Helper()
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if !slices.Contains(gate.Always(), name) && !slices.Contains(r.Members, name) {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Uint64:
			f.SetUint(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		default:
			t.Fatalf("no value for %s", name)
		}
	}
	e.Event = r.Event
	if e.Detail != nil {
		e.Detail = json.RawMessage("{}")
	}
	return e
}

// At each level an entry has exactly the members that the catalogue says, and what is below its level is not there.
func TestLevelsOfEntries(t *testing.T) {
	for _, l := range []gate.Level{gate.Off, gate.Minimal, gate.Standard, gate.Detailed} {
		for _, r := range gate.Catalogue() {
			var h heap
			log := Select(&h, Selection{Level: l})
			receipt, err := log.Append(t.Context(), complete(t, r))
			if err != nil {
				t.Fatal(err)
			}
			recorded := l != gate.Off && r.From <= l
			if recorded != (len(h.entries) == 1) || recorded != (receipt.Entry != "") || recorded != gate.Wants(log, r.Event) {
				t.Errorf("%v, %s: %d entries, receipt %+v", l, r.Event, len(h.entries), receipt)
			}
			if !recorded {
				continue
			}
			text, err := json.Marshal(h.entries[0])
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(slices.Values(append(gate.Always(), r.At(l)...)))
			if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
				t.Errorf("%v, %s: members %q, want %q", l, r.Event, names, want)
			}
		}
	}
}

// What is mandatory no selection leaves out, whatever the manifest let through; what is unknown is the log's to refuse.
func TestSelectKeepsWhatIsMandatory(t *testing.T) {
	var all []string
	for _, r := range gate.Catalogue() {
		all = append(all, string(r.Event), r.Event.Class()+".*")
	}
	for _, l := range []gate.Level{gate.Minimal, gate.Standard, gate.Detailed} {
		var h heap
		log := Select(&h, Selection{Level: l, Except: all})
		want := 1
		for _, r := range gate.Catalogue() {
			if _, err := log.Append(t.Context(), gate.Entry{Event: r.Event}); err != nil {
				t.Fatal(err)
			}
			if r.Mandatory {
				want++
			}
		}
		if _, err := log.Append(t.Context(), gate.Entry{Event: "call.nonsense"}); err != nil || len(h.entries) != want {
			t.Errorf("%v: %d entries, want %d, %v", l, len(h.entries), want, err)
		}
	}
}

func TestSelectLeavesOut(t *testing.T) {
	var h heap
	log := Select(&h, Selection{Level: gate.Standard, Except: []string{"auth.success", "cache.*"}})
	for _, e := range []gate.Event{gate.AuthSuccess, gate.CacheReject, gate.CapabilityInfer} {
		if r, err := log.Append(t.Context(), gate.Entry{Event: e}); err != nil || r.Entry != "" || r.Prover != nil || gate.Wants(log, e) {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
	}
	h.err = errors.New("full")
	if _, err := log.Append(t.Context(), gate.Entry{Event: gate.QuotaExceed}); !errors.Is(err, h.err) || len(h.entries) != 1 {
		t.Errorf("the log's own error became %v", err)
	}
}

// The zero value lets nothing through.
func TestSelectNothing(t *testing.T) {
	var h heap
	log := Select(&h, Selection{})
	for _, e := range []gate.Event{gate.CallRefusal, gate.KeyUse, "call.nonsense", ""} {
		if _, err := log.Append(t.Context(), gate.Entry{Event: e}); err != nil || gate.Wants(log, e) {
			t.Errorf("%q: %v", e, err)
		}
	}
	if len(h.entries) != 0 {
		t.Errorf("%+v", h.entries)
	}
}

// nowhere is a log that costs nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, gate.Entry) (gate.Receipt, error) { return gate.Receipt{}, nil }

func TestSelectAllocatesNothing(t *testing.T) {
	for _, l := range []gate.Level{gate.Off, gate.Minimal, gate.Standard, gate.Detailed} {
		log := Select(nowhere{}, Selection{Level: l, Except: []string{"auth.success"}})
		for _, event := range []gate.Event{gate.CallResult, gate.CapabilityInfer, gate.AuthSuccess} {
			r, _ := gate.Find(event)
			e := complete(t, r)
			if n := testing.AllocsPerRun(100, func() {
				if gate.Wants(log, event) {
					log.Append(t.Context(), e)
				}
			}); n != 0 {
				t.Errorf("%v, %s: %v allocations", l, event, n)
			}
		}
	}
}
