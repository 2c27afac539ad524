package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"bulkhead/host/audit"
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
	"bulkhead/host/safefile"
	"bulkhead/host/witness"
)

// A logSource is a log as a witness sees it: a checkpoint, and tiles that prove nothing by themselves.
type logSource struct {
	checkpoint func() ([]byte, error)
	verifier   func(note []byte) (*checkpoint.Verifier, error)
	tiles      func(size uint64) (witness.Tiles, error)
	close      func() error
}

// openLogSource opens a state directory, a folder of tiles, or a URL.
func openLogSource(ctx context.Context, args []string, o *anchorOptions) (*logSource, error) {
	if len(args) > 0 && (strings.HasPrefix(args[0], "http://") || strings.HasPrefix(args[0], "https://")) {
		return webSource(ctx, args[0], o)
	}
	if o.tokenFile != "" {
		return nil, usage(errors.New("--token-file is for a URL"))
	}
	folder := logFolder(args)
	if isSite(folder) {
		return siteSource(folder, o)
	}
	v, err := o.key.verifier(folder, nil)
	if err != nil {
		return nil, err
	}
	feed, err := o.key.feed(folder)
	if err != nil {
		return nil, err
	}
	return &logSource{
		checkpoint: func() ([]byte, error) { note, _, err := feed.Checkpoint(); return note, err },
		verifier:   func([]byte) (*checkpoint.Verifier, error) { return v, nil },
		tiles:      func(size uint64) (witness.Tiles, error) { return feed.Tiles(size) },
		close:      feed.Close,
	}, nil
}

var errKeyNeeded = errors.New("say with --key whose log this is")

// siteSource is a folder that audit.Site wrote.
func siteSource(folder string, o *anchorOptions) (*logSource, error) {
	if o.key.own() {
		return nil, usage(errKeyNeeded)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	read := func(name string, limit int64) ([]byte, error) {
		data, _, err := safefile.Read(root, name, limit)
		return data, err
	}
	return &logSource{
		checkpoint: func() ([]byte, error) { return read(audit.CheckpointName, checkpoint.MaxNote) },
		verifier:   o.key.verifierOf, close: root.Close,
		tiles: func(uint64) (witness.Tiles, error) { return fullIfNot(read), nil },
	}, nil
}

const hashSize = len(checkpoint.Head{}.Root)

// fullIfNot reads a tile, or where a partial one is gone the beginning of the full one (c2sp.org/tlog-tiles).
func fullIfNot(read func(path string, limit int64) ([]byte, error)) witness.Tiles {
	const limit = int64(tree.Width * hashSize)
	return func(t tree.Tile) ([]byte, error) {
		data, err := read(t.Path(), limit)
		if t.W < tree.Width && errors.Is(err, fs.ErrNotExist) {
			data, err = read(tree.Tile{L: t.L, N: t.N, W: tree.Width}.Path(), limit)
		}
		if err != nil {
			return nil, err
		}
		if len(data) < t.W*hashSize {
			return nil, fmt.Errorf("%s has %d bytes", t.Path(), len(data))
		}
		return data[:t.W*hashSize], nil
	}
}

// webTime is how long one request may take.
const webTime = 30 * time.Second

// webSource is a log on a web server: a running host's, or any that serves a folder of tiles.
func webSource(ctx context.Context, prefix string, o *anchorOptions) (*logSource, error) {
	if o.key.own() {
		return nil, usage(errKeyNeeded)
	}
	at, err := url.Parse(prefix)
	if err != nil || at.Host == "" || at.RawQuery != "" || at.Fragment != "" || at.User != nil {
		return nil, usage(fmt.Errorf("%q is not the URL of a log", prefix))
	}
	token := ""
	if o.tokenFile != "" {
		if token, err = readCredential(o.tokenFile); err != nil {
			return nil, err
		}
		if at.Scheme != "https" && !loopback(at.Hostname()) {
			return nil, usage(errors.New("a token goes over https, or to this machine"))
		}
	}
	client := &http.Client{Transport: &bearerTransport{token: token}, CheckRedirect: noRedirect, Timeout: webTime}
	read := func(path string, limit int64) ([]byte, error) {
		return fetch(ctx, client, at.JoinPath(path).String(), limit)
	}
	return &logSource{
		checkpoint: func() ([]byte, error) {
			note, err := read(audit.CheckpointName, checkpoint.MaxNote)
			if errors.Is(err, fs.ErrNotExist) {
				err = hinted(err, "the log of a running host is at /audit, such as http://127.0.0.1:8080/audit")
			}
			return note, err
		},
		verifier: o.key.verifierOf, close: func() error { return nil },
		tiles: func(uint64) (witness.Tiles, error) { return fullIfNot(read), nil },
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fetch gets at most limit bytes. What is not there is fs.ErrNotExist.
func fetch(ctx context.Context, client *http.Client, from string, limit int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, usage(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", from, fs.ErrNotExist)
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, &exitError{exitDenied, fmt.Errorf("%s: %s", from, resp.Status), "reading the log needs a token (--token-file) and a policy that allows the action audit/read"}
	default:
		return nil, fmt.Errorf("%s: %s", from, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", from, limit)
	}
	return data, err
}
