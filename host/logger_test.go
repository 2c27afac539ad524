package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestLoggerWritesEverythingInOrder(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		logger, end := newLogger(&streams{err: &out, json: asJSON})
		for i := range maxLogQueue / 2 {
			logger.Info("record", "n", i)
		}
		end()
		rows := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(rows) != maxLogQueue/2 || !strings.HasSuffix(strings.Trim(rows[9], "}"), "9") {
			t.Errorf("json %t: %d lines", asJSON, len(rows))
		}
	}
}

// A host whose standard error nobody reads goes on, counts what is lost, and ends.
func TestLoggerHoldsNobody(t *testing.T) {
	unread, out := io.Pipe()
	logger, end := newLogger(&streams{err: out})
	const more = 500
	for i := range maxLogQueue + more {
		logger.Info("record", "n", i)
	}
	start := time.Now()
	end()
	if took := time.Since(start); took < lastLines || took > 20*lastLines {
		t.Errorf("ended after %v", took)
	}
	read := make(chan string)
	go func() {
		data, _ := io.ReadAll(unread)
		read <- string(data)
	}()
	time.Sleep(lastLines / 4) // the writer goes on where it was
	out.Close()
	text := <-read
	written := strings.Count(text, "msg=record")
	if written < maxLogQueue || !strings.Contains(text, fmt.Sprintf("lost=%d\n", maxLogQueue+more-written)) {
		t.Errorf("%d records and then %.200q", written, text[max(0, len(text)-200):])
	}
}
