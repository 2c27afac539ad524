package runtimes

import (
	"context"
	"errors"
	"fmt"
)

// The answer of a model has a length that is known before it is asked. So there is a place for it, and it goes there at
// once: from the model's memory into that of the plugin that asked, and nowhere else.

// A Filler is a Module that answers into a place of the right length. Every Module of this project is one.
type Filler interface {
	// Fill is Meter.Measure for an answer of exactly len(answer) bytes. It writes them when the call has succeeded and
	// nothing else can fail: after an error answer is as it was. An answer of another length is ErrBadOutput. The request
	// has been read before, so that both may overlap. Both may be memory that others change meanwhile, or that has no page
	// left where the caller has set debug.SetPanicOnFault: that fails the call and nothing else.
	Fill(ctx context.Context, answer, request []byte, u *Usage) error
}

// Fill calls m for an answer that fills answer, and sets u.
func Fill(ctx context.Context, m Module, answer, request []byte, u *Usage) error {
	if f, ok := m.(Filler); ok {
		return f.Fill(ctx, answer, request, u)
	}
	whole, err := Measure(ctx, m, nil, request, u)
	if err == nil {
		err = CheckLength(len(whole), len(answer))
	}
	if err == nil {
		copy(answer, whole)
	}
	return err
}

// CheckLength refuses an answer that does not fill its place.
func CheckLength(got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%w: the answer has %d bytes, not %d", ErrBadOutput, got, want)
}

// An Inferrer is a Host that lets a model answer into the memory of the plugin that asked.
type Inferrer interface {
	// Infer is Host.Capability of abi.Infer with the room of the guest, which it may write to only when the answer is there
	// and nothing else can fail. The answer is in out if it fits there, else elsewhere.
	Infer(ctx context.Context, slot uint32, out, in []byte) ([]byte, error)
}

// ErrNoPage is memory without a page.
var ErrNoPage = errors.New("memory of another process has no page")

// Transfer copies all of src to dst, which is as long. Where the caller has set debug.SetPanicOnFault, memory without a page
// is ErrNoPage.
func Transfer(dst, src []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, fault := r.(interface{ Addr() uintptr }); !fault {
				panic(r)
			}
			err = ErrNoPage
		}
	}()
	copy(dst, src)
	return nil
}
