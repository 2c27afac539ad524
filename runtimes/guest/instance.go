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

// start brings a new instance to where every call begins: initialised, configured, with a buffer for requests of InputHint
// bytes.
func (c *call) start() (err error) {
	if initialize := c.instance.Export(abi.ExportInitialize); initialize != nil {
		if err := c.run(initialize, abi.ExportInitialize); err != nil {
			return err
		}
	}
	if err := c.configure(); err != nil {
		return err
	}
	c.buffer, err = c.room(abi.InputHint)
	return err
}

func (c *call) configure() error {
	if !c.module.configurable {
		return nil
	}
	config := c.module.program.Config
	if config == nil {
		config = []byte("{}")
	}
	address, err := c.room(len(config))
	if err != nil {
		return err
	}
	_, err = c.answer(c.instance.Export(abi.ExportConfigure), abi.ExportConfigure, address, config)
	return err
}

// respond has a started instance answer one request, in its buffer or a larger one.
func (c *call) respond(request []byte) ([]byte, error) {
	address := c.buffer
	if len(request) > abi.InputHint {
		var err error
		if address, err = c.room(len(request)); err != nil {
			return nil, err
		}
	}
	return c.answer(c.handle, abi.ExportHandle, address, request)
}

// room asks the guest for a buffer of n bytes and returns its address.
func (c *call) room(n int) (uint32, error) {
	c.stack[0] = uint64(n)
	if err := c.run(c.input, abi.ExportInput); err != nil {
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
func (c *call) answer(export Func, name string, address uint32, message []byte) ([]byte, error) {
	buffer, err := c.window(uint64(address), uint64(len(message)))
	if err != nil {
		return nil, fmt.Errorf("%w: the input buffer at %#x has left the memory", runtimes.ErrBadOutput, address)
	}
	if err := runtimes.Transfer(buffer, message); err != nil {
		return nil, err
	}
	c.stack[0], c.stack[1] = uint64(address), uint64(len(message))
	if err := c.run(export, name); err != nil {
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
	case !r.Failed && uint64(r.Length) > c.module.program.Limits.Answer:
		return nil, fmt.Errorf("%w: an answer of %d bytes, at most %d", runtimes.ErrLimit, r.Length, c.module.program.Limits.Answer)
	case !r.Failed:
		return words, nil
	case r.Length > abi.MaxGuestError || !utf8.Valid(words):
		return nil, fmt.Errorf("%w: error text of %d bytes that is too long or not UTF-8", runtimes.ErrBadOutput, r.Length)
	}
	return nil, &runtimes.GuestError{Text: string(words)}
}

// run calls an export with c.stack. The clock has its turn when the guest yields.
func (c *call) run(export Func, name string) error {
	if c.end = c.caller.Err(); c.end != nil {
		return c.end
	}
	err := export(c, c.stack[:])
	switch {
	case err == nil && c.used() > c.Total: // the last of it, after the last look
		return errFuel
	case err == nil:
		return nil
	case c.end == nil && errors.Is(err, ErrStack):
		return err
	case c.end == nil:
		return fmt.Errorf("%w in %s: %s", runtimes.ErrTrap, name, firstLine(err))
	case errors.Is(c.end, runtimes.ErrLimit) || errors.Is(c.end, c.caller.Err()):
		return c.end
	}
	return fmt.Errorf("%w in %s: %v", runtimes.ErrTrap, name, c.end)
}

// close frees the instance.
func (c *call) close() { c.instance.Close(context.Background()) }

// firstLine is what an engine says of a trap, without the guest's own words: stack traces carry names from the module.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ToValidUTF8(line[:min(len(line), 200)], "?")
}
