package guest

import (
	"errors"

	"bulkhead/runtimes"
	"bulkhead/runtimes/image"
)

// A snapshot is a started instance as every call finds it: memory and mutable globals. What else a module can change
// (tables, segments) makes it not restorable, and then there is none.
type snapshot struct {
	size    int          // bytes of memory
	memory  []byte       // without the zeros at its end; nil if image is not
	image   *image.Image // copy on write; nil if memory is not
	globals []uint64
	buffer  uint32
}

// capture makes the snapshot of c.
func (c *call) capture() *snapshot {
	memory := c.instance.Memory()
	s := &snapshot{size: len(memory), buffer: c.buffer}
	for _, g := range c.globals {
		s.globals = append(s.globals, g.Get())
	}
	if f, ok := c.instance.(Freezer); ok {
		s.image, _ = f.Freeze()
	}
	if s.image == nil { // a copy is as good
		s.memory = append([]byte{}, trimmed(memory)...)
	}
	return s
}

// trimmed returns b without the zeros at its end.
func trimmed(b []byte) []byte {
	end := len(b)
	for end > 0 && b[end-1] == 0 {
		end--
	}
	return b[:end]
}

var errGrown = errors.New("the memory has another size than in the snapshot")

// restore makes c equal to its module's snapshot. The error says that c is good for nothing now.
func (c *call) restore() error {
	s := c.module.snapshot
	memory := c.instance.Memory()
	if len(memory) != s.size {
		return errGrown
	}
	if s.image != nil {
		if err := c.instance.(Freezer).Thaw(s.image); err != nil {
			return err
		}
	} else {
		clear(memory[copy(memory, s.memory):])
	}
	for i, g := range c.globals {
		g.Set(s.globals[i])
	}
	c.buffer = s.buffer
	return nil
}

// enlarge makes the memory of a new instance as large as in the snapshot.
func (c *call) enlarge() error {
	missing := c.module.snapshot.size - len(c.instance.Memory())
	if missing < 0 || missing > 0 && !c.instance.Grow(uint32(missing>>16)) {
		return runtimes.ErrLimit
	}
	return nil
}

func (s *snapshot) close() {
	if s != nil && s.image != nil {
		s.image.Close()
	}
}
