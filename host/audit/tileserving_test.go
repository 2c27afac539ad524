package audit

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// A slowSync waits, once it is told to, until it is let go.
type slowSync struct {
	file
	wait chan chan struct{}
}

func (s slowSync) Sync() error {
	select {
	case c := <-s.wait:
		c <- struct{}{}
		<-c
	default:
	}
	return s.file.Sync()
}

// What is durable is served and proven while the batch that fills its tile is on the way to the device.
func TestTilesAreServedWhileABatchFillsThem(t *testing.T) {
	dir, hold := t.TempDir(), make(chan chan struct{}, 1)
	l := openIn(t, dir, func(c *Config) { c.wrap = func(f file) file { return slowSync{f, hold} } })
	fill(t, l, 200)
	body := []byte(read(t, dir).bodies[0])
	const path = "tile/0/000.p/200"
	want, err := l.Tile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	append1 := func() {
		if _, err := l.Append(ctx, note("x")); err != nil {
			t.Error(err)
		}
	}
	blocked := func() chan struct{} {
		c := make(chan struct{})
		hold <- c
		return c
	}
	first := blocked()
	all.Go(append1)
	<-first
	for range 100 { // wait for that batch, and become one
		all.Go(append1)
	}
	for len(l.queue) < 100 {
		time.Sleep(time.Millisecond)
	}
	second := blocked()
	first <- struct{}{}
	<-second
	if head := l.Head(); head.Size != 201 {
		t.Fatalf("%d entries are durable", head.Size)
	}
	if got, err := l.Tile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v", path, err)
	}
	if err := l.writer.proves(l.Head(), 0, body, l.writer.tile); err != nil {
		t.Errorf("proving what is durable: %v", err)
	}
	second <- struct{}{}
	all.Wait()
	if got := l.Head(); got.Size != 301 {
		t.Errorf("%+v", got)
	}
	if got, err := l.Tile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s, afterwards: %v", path, err)
	}
}
