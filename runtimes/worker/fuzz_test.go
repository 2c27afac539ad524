package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"
	"unicode/utf8"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// A puppet is a worker whose every frame is in its strings.
type puppet struct{ strings []byte }

// frameSize is what one frame takes of the strings: op, arg, key and n, how far call and sequence are off, and text.
const frameSize = 18

// next is the next frame, false when the strings end. Most numbers are near what means something.
func (p *puppet) next(call uint32) (f frame, skip uint32, text []byte, ok bool) {
	if len(p.strings) < frameSize {
		return f, 0, nil, false
	}
	s := p.strings[:frameSize]
	p.strings = p.strings[frameSize:]
	f = frame{
		op: uint32(s[0]), arg: uint32(int32(int8(s[1]))), key: binary.LittleEndian.Uint32(s[2:]), n: binary.LittleEndian.Uint32(s[6:]),
		call: call + uint32(int32(int8(s[10]))), time: uint64(int64(int8(s[12]))),
	}
	return f, uint32(int32(int8(s[11]))), s[13:], true
}

// play moves a puppet: a frame whenever the host waits for one, until the strings end. Every worker is moved alike.
func (p *puppet) play(f *fake) error {
	call := uint32(0)
	for {
		out, skip, text, ok := p.next(call)
		if !ok {
			return nil
		}
		copy(f.area(areaAnswer), text)
		copy(f.area(areaInput), text)
		f.sent += skip
		if err := f.send(out); err != nil {
			return err
		}
		in, err := f.child.next()
		if err != nil {
			return err
		}
		call = in.call
	}
}

// strings writes a frame for a puppet.
func (p *puppet) frame(op, arg uint32, key, n uint32, text string) {
	p.strings = append(p.strings, byte(op), byte(arg))
	p.strings = binary.LittleEndian.AppendUint32(p.strings, key)
	p.strings = binary.LittleEndian.AppendUint32(p.strings, n)
	p.strings = append(p.strings, 0, 0, 0)
	p.strings = append(p.strings, text...)
	p.strings = append(p.strings, make([]byte, 5-len(text))...)
}

// A judge is a Host that looks at what reaches it.
type judgeHost struct {
	t      *testing.T
	grants abi.Grants
	loaded *bool
}

func (j judgeHost) Capability(_ context.Context, c abi.Capability, slot uint32, dst, in []byte) ([]byte, error) {
	most := map[abi.Capability]int{abi.Log: abi.MaxLogLine, abi.Audit: abi.MaxAuditObject, abi.Attest: abi.MaxNonce, abi.Progress: 16}[c]
	if !j.grants.Has(c) || len(in) > most || !*j.loaded && c != abi.Log || c == abi.Log && slot > uint32(abi.LevelError) {
		j.t.Errorf("%s with slot %d and %d bytes reached the Host", c, slot, len(in))
	}
	return append(dst, "answer"...), nil
}

// FuzzHost has a worker say anything. The host says nothing wrong, waits for nobody, and lets through what was granted.
func FuzzHost(f *testing.F) {
	var p puppet
	p.frame(opHello, version, allLayers, 0, "")
	ready := func(q puppet) puppet {
		q.frame(opReady, 0, 0, 0, "")
		return q
	}
	add := func(then func(q *puppet)) {
		q := ready(puppet{append([]byte(nil), p.strings...)})
		then(&q)
		f.Add(q.strings)
	}
	add(func(*puppet) {})
	for c := abi.Log; c <= abi.Progress+1; c++ {
		for _, n := range []uint32{0, 16, 64, 1 << 14, 1 << 31} {
			add(func(q *puppet) {
				q.frame(opAsk, uint32(c), 0, n, "")
				q.frame(opAnswer, 0, 0, 4, "good")
			})
		}
	}
	for number := range uint32(failures + 1) {
		add(func(q *puppet) {
			q.frame(opFailed, number, 0, 4, "text")
			q.frame(opFailed, number, 0, 2, "\xff\xff")
		})
		q := puppet{append([]byte(nil), p.strings...)}
		q.frame(opRefused, number, 3, 5, "whyoh")
		f.Add(q.strings)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		loaded := false
		p := attacked(nil)
		p.Host = judgeHost{t, p.Grants, &loaded}
		p.Limits.Timeout = 2 * time.Millisecond
		began := time.Now()
		w, err := newTimedWorld(t, 10*time.Millisecond, p, func(f *fake) error { return (&puppet{data}).play(f) })
		if err != nil {
			if refusal, ok := errors.AsType[*runtimes.LoadError](err); !ok || !utf8.ValidString(refusal.Reason) {
				t.Errorf("loading: %T %q", err, err)
			}
		} else {
			loaded = true
			for range 3 {
				answer, err := w.Call(t.Context(), []byte("dst"), []byte("request"))
				if err != nil && answer != nil || err == nil && (len(answer) > 3+testAnswer || string(answer[:3]) != "dst") {
					t.Errorf("answer %q, error %v", answer, err)
				}
				if guest, ok := errors.AsType[*runtimes.GuestError](err); ok && (len(guest.Text) > abi.MaxGuestError || !utf8.ValidString(guest.Text)) {
					t.Errorf("guest's text %q", guest.Text)
				}
			}
			w.Close(context.Background())
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
