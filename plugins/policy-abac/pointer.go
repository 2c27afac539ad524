package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A pointer is a JSON pointer (RFC 6901), split and unescaped.
type pointer []string

func parsePointer(s string) (pointer, error) {
	if len(s) > maxText || !strings.HasPrefix(s, "/") {
		return nil, fmt.Errorf("%.64q is no JSON pointer: it begins with / and has at most %d bytes", s, maxText)
	}
	parts := strings.Split(s[1:], "/")
	for i, part := range parts {
		if strings.Count(part, "~") != strings.Count(part, "~0")+strings.Count(part, "~1") {
			return nil, fmt.Errorf("%.64q is no JSON pointer: after ~ comes 0 or 1", s)
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

// find returns the value in document, nil if there is none.
func (p pointer) find(document json.RawMessage) json.RawMessage {
	for _, part := range p {
		if document = step(document, part); document == nil {
			return nil
		}
	}
	return document
}

func step(document json.RawMessage, part string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(document, &object) == nil {
		return object[part]
	}
	var array []json.RawMessage
	if json.Unmarshal(document, &array) != nil {
		return nil
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(array) || strconv.Itoa(i) != part {
		return nil
	}
	return array[i]
}
