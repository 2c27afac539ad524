package runtimes

import (
	"context"
	"errors"
	"testing"
	"time"
)

func lentUntil(ctx context.Context, d time.Duration) *Lent { return Lend(ctx, time.Now().Add(d)) }

// A lent context is a context: it ends with the caller's, at its deadline, or when it is given back, and Done and Err agree.
func TestLent(t *testing.T) {
	for _, asked := range []bool{false, true} { // whether somebody asked for Done before
		for name, tt := range map[string]struct {
			end  func() (*Lent, func())
			want error
		}{
			"the caller gives up": {func() (*Lent, func()) {
				ctx, cancel := context.WithCancel(context.Background())
				return lentUntil(ctx, time.Hour), cancel
			}, context.Canceled},
			"the caller's deadline": {func() (*Lent, func()) {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
				return lentUntil(ctx, time.Hour), func() { <-ctx.Done(); cancel() }
			}, context.DeadlineExceeded},
			"its deadline": {func() (*Lent, func()) {
				return lentUntil(context.Background(), 5*time.Millisecond), func() { time.Sleep(6 * time.Millisecond) }
			}, context.DeadlineExceeded},
			"given back": {func() (*Lent, func()) {
				l := lentUntil(context.Background(), time.Hour)
				return l, l.GiveBack
			}, context.Canceled},
		} {
			l, end := tt.end()
			if asked {
				l.Done()
			}
			if l.Err() != nil {
				t.Errorf("%s: %v before", name, l.Err())
			}
			derived, cancel := context.WithCancel(l)
			defer cancel()
			end()
			<-l.Done()
			<-derived.Done()
			if !errors.Is(l.Err(), tt.want) || !errors.Is(derived.Err(), tt.want) {
				t.Errorf("%s: %v, derived %v, want %v", name, l.Err(), derived.Err(), tt.want)
			}
		}
	}
	l := lentUntil(context.Background(), time.Hour)
	if l.GiveBack(); !errors.Is(l.Err(), context.Canceled) {
		t.Errorf("given back: %v", l.Err())
	}
}
