package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// The reasons why nobody answers.
var (
	ErrNoHost    = errors.New("no host runs there")
	ErrForbidden = errors.New("the host serves root and its own user only")
)

// Ask sends a request to the host whose state directory is dir, and returns its result. An error is or wraps ErrNoHost,
// ErrForbidden, a *Refusal, or what went wrong on the way. Without a deadline of ctx it may wait without end.
func Ask(ctx context.Context, dir string, r Request) (json.RawMessage, error) {
	c, err := dial(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	end := context.AfterFunc(ctx, func() { c.Close() })
	defer end()
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	_, _ = c.Write(append(line, '\n')) // a host that turns us away may have closed already: reading tells
	line, err = readLine(bufio.NewReaderSize(c, MaxAnswer))
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("waiting for the host's answer: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("the host closed the connection without an answer: it is busy, stopping, or not yours: %w", err)
	}
	return decodeAnswer(line)
}

func dial(ctx context.Context, dir string) (net.Conn, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, classify(err)
	}
	defer folder.Close()
	c, err := new(net.Dialer).DialContext(ctx, "unix", address(folder))
	if err != nil {
		return nil, classify(err)
	}
	return c, nil
}

// classify finds out what an administrator can do about it.
func classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNoHost
	case errors.Is(err, fs.ErrPermission):
		return ErrForbidden
	}
	return fmt.Errorf("connecting to the host: %w", err)
}
