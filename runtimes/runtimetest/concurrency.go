package runtimetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

func (s suite) concurrency(t *testing.T) {
	h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, in []byte) ([]byte, error) {
		return append(dst, in...), nil
	}}
	echoes, signs := s.load(t, program(echo(0), h)), s.load(t, program(caller("sign"), h))
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 40 {
				text := fmt.Appendf(nil, "goroutine %d call %02d", g, i)
				if answer, err := echoes.Call(t.Context(), nil, text); err != nil || !bytes.Equal(answer, text) {
					t.Errorf("echo of %q: %q %v", text, answer, err)
				}
				n := uint64(len(text))
				q := callerRequest{params: []uint64{0, dataAt(5), n, outAt, n}, answer: outAt - resultAt + uint32(n), data: text}
				if answer, err := signs.Call(t.Context(), nil, q.bytes()); err != nil || !bytes.Equal(answer[outAt-resultAt:], text) {
					t.Errorf("signature of %q: %q %v", text, answer, err)
				}
			}
		})
	}
	group.Wait()
}

func (s suite) closing(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	h := &host{answer: func(_ context.Context, _ abi.Capability, _ uint32, dst, _ []byte) ([]byte, error) {
		close(inside)
		<-release
		return append(dst, "done"...), nil
	}}
	b := s.open()
	m, err := b.Load(t.Context(), program(caller("sign"), h))
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := m.Call(context.Background(), nil, callerRequest{params: []uint64{0, 0, 0, outAt, 8}, answer: 4}.bytes())
		answered <- err
	}()
	<-inside
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := m.Close(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing during a call: %v, want it to wait", err)
	}
	if _, err := m.Call(t.Context(), nil, nil); !errors.Is(err, runtimes.ErrClosed) {
		t.Errorf("calling after Close: %v, want ErrClosed", err)
	}
	close(release)
	if err := <-answered; err != nil {
		t.Errorf("the call that ran during Close: %v", err)
	}
	for range 2 {
		if err := m.Close(t.Context()); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if err := b.Close(t.Context()); err != nil {
		t.Errorf("closing the backend: %v", err)
	}
}
