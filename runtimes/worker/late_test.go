package worker

import (
	"context"
	"errors"
	"testing"

	"bulkhead/abi"
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

// leaving is an inferring Host whose caller gives up while it answers, in place.
type leaving struct {
	witness
	giveUp func()
}

func (h *leaving) Infer(_ context.Context, _ uint32, out, _ []byte) ([]byte, error) {
	h.giveUp()
	return append(out[:0:len(out)], "secret"...), nil
}

// What a model answers when the call is over does not stay where the plugin could read it.
func TestInferTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := modestWorld(t, &leaving{giveUp: cancel})
	if _, err := w.Call(ctx, nil, []byte("infer")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	soon(t, "the worker", func() bool { return w.Status().Idle == 1 })
	for _, b := range w.idle[0].area(areaReply)[:64] {
		if b != 0 {
			t.Fatal("the answer lies in shared memory")
		}
	}
}

// An elsewhereFault is a fault in memory that is no worker's.
type elsewhereFault struct{}

func (elsewhereFault) Addr() uintptr { return 1 }

// A fault of the Host's own is a panic like any other: the worker has nothing to do with it, and goes on.
func TestFaultOfTheHost(t *testing.T) {
	w := modestWorld(t, hostFunc(func(context.Context, abi.Capability, uint32, []byte, []byte) ([]byte, error) { panic(elsewhereFault{}) }))
	if _, err := w.Call(t.Context(), nil, []byte("infer")); err == nil || err.Error() != abi.ErrInternal.Error() {
		t.Errorf("%v, want %v", err, abi.ErrInternal)
	}
	if s := w.Status(); s.Panics != 1 || s.Deaths != 0 {
		t.Errorf("%+v", s)
	}
}
