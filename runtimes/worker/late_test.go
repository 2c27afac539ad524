package worker

import (
	"context"
	"errors"
	"testing"

	"bulkhead/runtimes"
)

// A module that has its caller give up, and answers all the same.
type abandoned struct{ giveUp func() }

func (a *abandoned) Load(context.Context, runtimes.Program) (runtimes.Module, error) { return a, nil }
func (a *abandoned) Close(context.Context) error                                     { return nil }
func (a *abandoned) Call(_ context.Context, dst, request []byte) ([]byte, error) {
	a.giveUp()
	return append(dst, request...), nil
}

// An answer that comes when its caller has given up is none, and does not go into the caller's memory.
func TestAnswerTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := mustWorld(t, testProgram(nil, &witness{}), honest(&abandoned{cancel}))
	room := []byte("untouched")
	var u runtimes.Usage
	if err := w.Fill(ctx, room, []byte("an answer"), &u); !errors.Is(err, context.Canceled) || string(room) != "untouched" {
		t.Errorf("%v, %q", err, room)
	}
	if err := w.Fill(t.Context(), room, []byte("an answer"), &u); err != nil || string(room) != "an answer" {
		t.Errorf("the next caller got %v, %q", err, room)
	}
}
