package guest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"bulkhead/abi"
	"bulkhead/runtimes"
)

// start makes a new instance and brings it to where every call begins: initialised, configured, with a buffer for
// requests of InputHint bytes, whose address is the result. The caller ends the call, also when there is an error.
func (c *call) start() (input uint32, err error) {
	c.instance, err = c.module.code.Instantiate(c.Context)
	if err != nil {
		return 0, fmt.Errorf("instantiating: %w", err)
	}
	if initialize := c.instance.Export(abi.ExportInitialize); initialize != nil {
		if err := c.run(initialize, abi.ExportInitialize); err != nil {
			return 0, err
		}
	}
	if err := c.configure(); err != nil {
		return 0, err
	}
	return c.input(abi.InputHint)
}

func (c *call) configure() error {
	if !c.module.configurable {
		return nil
	}
	config := c.module.program.Config
	if config == nil {
		config = []byte("{}")
	}
	address, err := c.input(len(config))
	if err != nil {
		return err
	}
	_, err = c.answer(abi.ExportConfigure, address, config)
	return err
}

// input asks the guest for a buffer of n bytes.
func (c *call) input(n int) (uint32, error) {
	c.stack[0] = uint64(n)
	if err := c.run(c.instance.Export(abi.ExportInput), abi.ExportInput); err != nil {
		return 0, err
	}
	address := uint32(c.stack[0])
	if address == 0 {
		return 0, fmt.Errorf("%w: the guest refuses %d bytes of input", runtimes.ErrLimit, n)
	}
	if _, err := c.window(uint64(address), uint64(n)); err != nil {
		return 0, fmt.Errorf("%w: %d bytes of input at %#x are not in memory", runtimes.ErrBadOutput, n, address)
	}
	return address, nil
}

// answer writes message to the buffer at address, calls export with it, and returns the guest's answer, in guest memory.
func (c *call) answer(export string, address uint32, message []byte) ([]byte, error) {
	buffer, err := c.window(uint64(address), uint64(len(message)))
	if err != nil {
		return nil, fmt.Errorf("%w: the input buffer at %#x has left the memory", runtimes.ErrBadOutput, address)
	}
	copy(buffer, message)
	c.stack[0], c.stack[1] = uint64(address), uint64(len(message))
	if err := c.run(c.instance.Export(export), export); err != nil {
		return nil, err
	}
	return c.check(c.stack[0])
}

// check turns the result of an export into the answer, in guest memory, or an error.
func (c *call) check(packed uint64) ([]byte, error) {
	r := abi.ParseResult(packed)
	if r.Length == 0 {
		r.Address = 0
	}
	words, err := c.window(uint64(r.Address), uint64(r.Length))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %d bytes at %#x are not in memory", runtimes.ErrBadOutput, r.Length, r.Address)
	case !r.Failed && uint64(r.Length) > c.module.answer:
		return nil, fmt.Errorf("%w: an answer of %d bytes, at most %d", runtimes.ErrLimit, r.Length, c.module.answer)
	case !r.Failed:
		return words, nil
	case r.Length > abi.MaxGuestError || !utf8.Valid(words):
		return nil, fmt.Errorf("%w: error text of %d bytes that is too long or not UTF-8", runtimes.ErrBadOutput, r.Length)
	}
	return nil, &runtimes.GuestError{Text: string(words)}
}

// run calls an export with c.stack.
func (c *call) run(export Func, name string) error {
	if c.end = c.Err(); c.end != nil {
		return c.end
	}
	err := export(c, c.stack[:])
	if err == nil {
		return nil
	}
	if c.end == nil {
		return fmt.Errorf("%w in %s: %s", runtimes.ErrTrap, name, firstLine(err))
	}
	if errors.Is(c.end, c.Err()) {
		return c.end
	}
	return fmt.Errorf("%w in %s: %v", runtimes.ErrTrap, name, c.end)
}

// close frees the instance and flushes what it printed.
func (c *call) close() {
	c.stdio.Flush(c)
	if c.instance != nil {
		c.instance.Close(context.WithoutCancel(c.Context))
	}
}

// firstLine is what an engine says of a trap, without the guest's own words: stack traces carry names from the module.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ToValidUTF8(line[:min(len(line), 200)], "?")
}
