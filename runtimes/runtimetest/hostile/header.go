package hostile

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bulkhead/abi"
)

// Header reads the comments at the top of an attack, ";; key: value" each:
//
//	attack:  what it does, in one line
//	expect:  the outcome of one call with an empty request; or "refused", which is Load's; or "invalid": refused for its
//	         structure, whatever is granted
//	repeat:  how often that call is made; each must end alike
//	answer:  of that call, hexadecimal
//	call:    REQUEST OUTCOME [ANSWER], one for each of several calls
//	each:    N OUTCOME: N calls, whose requests are the bytes 0 to N-1
//	grants:  capabilities
//	wasi:    true
//	memory, timeout, fuel, output: limits
//	host:    blocks: infer answers only when its context is done
//
// A REQUEST or ANSWER is "-" for nothing, 0x and hexadecimal digits, N*TEXT for TEXT N times, or itself.
func Header(name string, text []byte) (*Attack, error) {
	h := header{attack: defaults(name), times: 1}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line, ok := strings.CutPrefix(lines.Text(), ";; ")
		if !ok {
			break
		}
		key, value, ok := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); !ok || value == "" {
			return nil, fmt.Errorf("%s: header line %q is not KEY: VALUE", name, line)
		}
		if err := h.set(key, value); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, key, err)
		}
	}
	if err := h.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h.attack, nil
}

type header struct {
	attack *Attack
	expect Outcome
	answer []byte
	times  int
}

func (h *header) set(key, value string) (err error) {
	a := h.attack
	switch key {
	case "attack":
		a.What = value
	case "expect":
		if a.Invalid = value == "invalid"; a.Invalid {
			value = string(Refused)
		}
		h.expect, err = outcome(value)
	case "repeat":
		h.times, err = strconv.Atoi(value)
	case "answer":
		h.answer, err = content(value)
	case "call":
		err = h.call(strings.Fields(value))
	case "each":
		err = h.each(strings.Fields(value))
	case "grants":
		a.Grants, err = grants(strings.Fields(value))
	case "wasi":
		a.WASI, err = strconv.ParseBool(value)
	case "memory":
		a.Limits.Memory, err = number(strings.TrimSuffix(value, "iB"), 1024)
	case "timeout":
		a.Limits.Timeout, err = time.ParseDuration(value)
	case "fuel":
		a.Limits.Fuel, err = number(value, 1000)
	case "output":
		a.Limits.Answer, err = number(value, 1000)
	case "host":
		if a.Blocks = value == "blocks"; !a.Blocks {
			err = fmt.Errorf("%q is unknown", value)
		}
	default:
		err = fmt.Errorf("the key is unknown")
	}
	return err
}

func (h *header) call(fields []string) error {
	if len(fields) < 2 || len(fields) > 3 {
		return fmt.Errorf("%d words, want REQUEST OUTCOME [ANSWER]", len(fields))
	}
	request, err := content(fields[0])
	if err != nil {
		return err
	}
	c := Call{Request: request}
	if c.Outcome, err = outcome(fields[1]); err != nil {
		return err
	}
	if len(fields) == 3 {
		c.Answer, err = content(fields[2])
	}
	h.attack.Calls = append(h.attack.Calls, c)
	return err
}

func (h *header) each(fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("%d words, want N OUTCOME", len(fields))
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil || n < 1 || n > 256 {
		return fmt.Errorf("%s is not between 1 and 256", fields[0])
	}
	o, err := outcome(fields[1])
	for i := range n {
		h.attack.Calls = append(h.attack.Calls, Call{Request: []byte{byte(i)}, Outcome: o})
	}
	return err
}

// finish checks what was said, and turns expect into calls.
func (h *header) finish() error {
	a := h.attack
	switch {
	case a.What == "":
		return fmt.Errorf("no attack is named")
	case (h.expect == "") == (a.Calls == nil):
		return fmt.Errorf("want either expect, or call and each")
	case h.expect == Refused:
		a.Load = Refused
		return nil
	}
	for range h.times {
		if h.expect != "" {
			a.Calls = append(a.Calls, Call{Outcome: h.expect, Answer: h.answer})
		}
	}
	return nil
}

func outcome(word string) (Outcome, error) {
	if !slices.Contains(Outcomes(), Outcome(word)) {
		return "", fmt.Errorf("%q is no outcome", word)
	}
	return Outcome(word), nil
}

func grants(names []string) (abi.Grants, error) {
	var all abi.Grants
	for _, name := range names {
		c, ok := abi.ParseCapability(name)
		if !ok {
			return 0, fmt.Errorf("%q is no capability", name)
		}
		all |= abi.GrantsOf(c)
	}
	return all, nil
}

// number reads 5, 5K, 5M or 5G.
func number(s string, step uint64) (uint64, error) {
	factor := uint64(1)
	if s == "" {
		return 0, fmt.Errorf("a number is missing")
	}
	if i := strings.IndexByte("KMG", s[len(s)-1]); i >= 0 {
		s = s[:len(s)-1]
		for range i + 1 {
			factor *= step
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return n * factor, err
}

func content(word string) ([]byte, error) {
	if word == "-" {
		return []byte{}, nil
	}
	if digits, ok := strings.CutPrefix(word, "0x"); ok {
		return hex.DecodeString(digits)
	}
	if times, text, ok := strings.Cut(word, "*"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 0 || n > abi.MaxRequest {
			return nil, fmt.Errorf("%q is not N*TEXT", word)
		}
		return bytes.Repeat([]byte(text), n), nil
	}
	return []byte(word), nil
}
