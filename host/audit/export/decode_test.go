package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// What follows reads the formats as somebody would who has their specifications only.

// words undoes the escapes of text and cell, as those of a Go string.
func words(s string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
}

func decodeCSV(title, line []byte) (map[string]string, error) {
	if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.Count(line, []byte("\n")) != 1 {
		return nil, fmt.Errorf("no single line: %q", line)
	}
	rows, err := csv.NewReader(bytes.NewReader(append(bytes.Clone(title), line...))).ReadAll()
	if err != nil || len(rows) != 2 {
		return nil, fmt.Errorf("%d rows: %w", len(rows), err)
	}
	out := map[string]string{}
	for i, name := range rows[0] {
		if out[name], err = words(rows[1][i]); err != nil {
			return nil, fmt.Errorf("%s is %q: %w", name, rows[1][i], err)
		}
	}
	return out, nil
}

// decodeCEF returns the eight parts of the header and the extension.
func decodeCEF(line []byte) (header []string, extension map[string]string, err error) {
	s, ok := strings.CutSuffix(string(line), "\n")
	if !ok || strings.Contains(s, "\n") {
		return nil, nil, fmt.Errorf("no single line: %q", line)
	}
	var part strings.Builder
	for len(header) < 7 {
		switch {
		case s == "":
			return nil, nil, fmt.Errorf("the header ends after %q", header)
		case s[0] == '|':
			header = append(header, part.String())
			part.Reset()
		case s[0] == '\\' && len(s) > 1 && (s[1] == '|' || s[1] == '\\'):
			part.WriteByte(s[1])
			s = s[1:]
		case s[0] == '\\':
			return nil, nil, fmt.Errorf("bad escape in the header at %.10q", s)
		default:
			part.WriteByte(s[0])
		}
		s = s[1:]
	}
	extension, err = decodeExtension(s)
	return header, extension, err
}

// decodeExtension splits at every equals sign that has no backslash before it: the word before it is a key.
func decodeExtension(s string) (map[string]string, error) {
	out := map[string]string{}
	key, value := "", []byte{}
	finish := func(v []byte) error {
		if key == "" {
			return nil
		}
		if _, twice := out[key]; twice {
			return fmt.Errorf("%s twice", key)
		}
		w, err := words(string(v))
		out[key] = w
		return err
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '='):
			i++
			value = append(value, s[i])
		case s[i] == '\\':
			return nil, fmt.Errorf("bad escape at %.10q", s[i:])
		case s[i] == '=':
			at := bytes.LastIndexByte(value, ' ')
			if at >= 0 {
				if err := finish(value[:at]); err != nil {
					return nil, err
				}
			}
			key, value = string(value[at+1:]), nil
			if strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || key == "" {
				return nil, fmt.Errorf("key %q", key)
			}
		default:
			value = append(value, s[i])
		}
	}
	return out, finish(value)
}

// decodeJSON returns the exact bytes of the entry.
func decodeJSON(line []byte) (body []byte, index uint64, err error) {
	var v struct {
		Index uint64          `json:"index"`
		Hash  string          `json:"hash"`
		Entry json.RawMessage `json:"entry"`
		Bytes []byte          `json:"bytes"`
	}
	if !bytes.HasSuffix(line, []byte("\n")) || bytes.Count(line, []byte("\n")) != 1 {
		return nil, 0, fmt.Errorf("no single line: %q", line)
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return nil, 0, err
	}
	body = v.Entry
	if v.Bytes != nil {
		body = v.Bytes
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != v.Hash {
		return nil, 0, fmt.Errorf("the hash is not of %s (%s)", body, base64.StdEncoding.EncodeToString(v.Bytes))
	}
	return body, v.Index, nil
}
