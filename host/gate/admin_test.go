package gate

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdminRecordsBeforeItActs(t *testing.T) {
	type run = func(context.Context) (json.RawMessage, error)
	works := func(context.Context) (json.RawMessage, error) { return json.RawMessage(`{"a":1}`), nil }
	for _, tt := range []struct {
		name  string
		act   Act
		run   run
		fail  Kind // entries of this kind cannot be written
		want  error
		ran   int
		kinds []string
	}{
		{"an act", Act{Action: "host/block"}, works, "", nil, 1, []string{"decision success", "result success"}},
		{"an act that fails", Act{Action: "host/block"}, func(context.Context) (json.RawMessage, error) { return nil, errors.New("no") }, "", ErrFailed, 1, []string{"decision success", "result failure"}},
		{"an act that panics", Act{Action: "host/block"}, func(context.Context) (json.RawMessage, error) { panic("act") }, "", ErrFailed, 1, []string{"decision success", "result failure"}},
		{"an act with a result that is no JSON", Act{Action: "host/block"}, func(context.Context) (json.RawMessage, error) { return json.RawMessage(`{`), nil }, "", ErrFailed, 1, []string{"decision success", "result failure"}},
		{"its decision cannot be recorded", Act{Action: "host/block"}, works, KindDecision, ErrUnavailable, 0, nil},
		{"its result cannot be recorded", Act{Action: "host/block"}, works, KindResult, ErrUnavailable, 1, []string{"decision success"}},
		{"a look", Act{Action: "host/status", Looks: true}, works, "", nil, 1, []string{"host success"}},
		{"a look that fails", Act{Action: "host/status", Looks: true}, func(context.Context) (json.RawMessage, error) { return nil, errors.New("no") }, "", ErrFailed, 1, []string{"host success"}},
		{"a look that panics", Act{Action: "host/status", Looks: true}, func(context.Context) (json.RawMessage, error) { panic("act") }, "", ErrFailed, 1, []string{"host success"}},
		{"a look that cannot be recorded", Act{Action: "host/status", Looks: true}, works, KindHost, ErrUnavailable, 0, nil},
		{"unknown", Act{Action: "host/nonsense"}, nil, "", ErrInvalid, 0, []string{"decision failure"}},
		{"unknown, and cannot be recorded", Act{Action: "host/nonsense"}, nil, KindDecision, ErrUnavailable, 0, nil},
		{"unknown look", Act{Action: "host/nonsense", Looks: true}, nil, "", ErrInvalid, 0, []string{"decision failure"}},
		{"no administrative name", Act{Action: "tools/call"}, works, "", ErrInvalid, 0, []string{"decision failure"}},
		{"no name", Act{}, works, "", ErrInvalid, 0, []string{"decision failure"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t).open(t)
			w.failEntry = tt.fail
			ran := 0
			run := tt.run
			if run != nil {
				run = func(ctx context.Context) (json.RawMessage, error) {
					if ran++; len(w.entries) == 0 {
						t.Error("it ran before it was recorded")
					}
					return tt.run(ctx)
				}
			}
			tt.act.UID, tt.act.Resource = 1000, "inspect\n"
			done, err := w.Admin(t.Context(), tt.act, run)
			if !errors.Is(err, tt.want) || ran != tt.ran {
				t.Errorf("error %v, want %v; ran %d times, want %d", err, tt.want, ran, tt.ran)
			}
			if got := w.kinds(); !slices.Equal(got, tt.kinds) {
				t.Errorf("log holds %v, want %v", got, tt.kinds)
			}
			if (err == nil) != (string(done.Result) == `{"a":1}`) || done.Call == "" {
				t.Errorf("%+v with error %v", done, err)
			}
			for _, e := range w.entries {
				if e.Actor != "system/uid:1000" || e.Action != tt.act.Action || e.Resource != `inspect\n` || e.Plugins != nil || e.Call != done.Call || e.TraceID == "" {
					t.Errorf("entry %+v", e)
				}
			}
			if w.asked != 0 || w.policies[0].asked != 0 {
				t.Error("a plugin was asked")
			}
		})
	}
}

// A policy that allows everything does not make administration out of an MCP message.
func TestAdministrationComesNoOtherWay(t *testing.T) {
	w := newWorld(t).open(t)
	for _, action := range []string{"host/status", "host/reload", "host/"} {
		c := call()
		c.Action = action
		if _, err := w.Do(t.Context(), c, &fakeTool{w: w}); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", action, err)
		}
	}
	if w.ran != 0 || w.policies[0].asked != 0 {
		t.Errorf("ran %d, policy asked %d", w.ran, w.policies[0].asked)
	}
	if want := []string{"decision failure", "decision failure", "decision failure"}; !slices.Equal(w.kinds(), want) {
		t.Errorf("log holds %v", w.kinds())
	}
	for _, e := range w.entries {
		if e.Actor != "alice" || !strings.Contains(e.Reason, "does not come this way") {
			t.Errorf("entry %+v", e)
		}
	}
}

func TestDrainWaitsForActsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).open(t)
		end := make(chan struct{})
		go w.Admin(t.Context(), Act{Action: "host/reload"}, func(context.Context) (json.RawMessage, error) {
			<-end
			return nil, nil
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // of the bubble's time
		defer cancel()
		if err := w.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained with an act inside: %v", err)
		}
		if _, err := w.Admin(t.Context(), Act{Action: "host/status", Looks: true}, nil); !errors.Is(err, ErrUnavailable) {
			t.Errorf("an act came in after Drain: %v", err)
		}
		close(end)
		if err := w.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
