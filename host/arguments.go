package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"bulkhead/host/strictjson"
)

// maxArgument is how large a file given as NAME=@FILE may be, in bytes.
const maxArgument = 8 << 20

// parseArguments understands NAME=VALUE, NAME=@FILE and NAME:=JSON.
func parseArguments(args []string) (map[string]any, error) {
	out := map[string]any{}
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("argument %q is not NAME=VALUE", a)
		}
		raw, isJSON := strings.CutSuffix(name, ":")
		if _, twice := out[raw]; twice {
			return nil, fmt.Errorf("argument %s is given twice", raw)
		}
		switch {
		case isJSON:
			if err := strictjson.Check([]byte(value)); err != nil {
				return nil, fmt.Errorf("argument %s: %w", raw, err)
			}
			out[raw] = json.RawMessage(value)
		case strings.HasPrefix(value, "@"):
			data, err := readBounded(value[1:], maxArgument)
			if err != nil {
				return nil, fmt.Errorf("argument %s: %w", raw, err)
			}
			out[raw] = base64.StdEncoding.EncodeToString(data)
		default:
			out[raw] = value
		}
	}
	return out, nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, err
}

// readCredential reads a token from a file; white space around it does not count.
func readCredential(path string) (string, error) {
	data, err := readBounded(path, 64<<10)
	if err != nil {
		return "", usage(fmt.Errorf("reading the credential: %w", err))
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", usage(fmt.Errorf("reading the credential: %s does not hold exactly one token", path))
	}
	return token, nil
}
