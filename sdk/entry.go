package sdk

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"bulkhead/abi"
)

var (
	errInput     = errors.New("the request does not lie in the input buffer")
	errTooLong   = errors.New("the answer is longer than the ABI allows")
	errNoHandler = errors.New("the plugin registered no handler: call sdk.Auth, Policy, Tool or Model in init")
	errNoConfig  = errors.New("the plugin takes no config")
)

// What the plugin registered. A guest has one role for life, so these are set in init and only read afterwards.
var (
	handler    func(request []byte) ([]byte, error)
	configurer func(config []byte) error
)

func register(h func(request []byte) ([]byte, error)) {
	if handler != nil {
		panic("sdk: a plugin has exactly one role, but a second handler was registered")
	}
	handler = h
}

func handle(request []byte) ([]byte, error) {
	if handler == nil {
		return nil, errNoHandler
	}
	return handler(request)
}

// bounded makes an error of an answer that the host would not take.
func bounded(answer []byte, err error) ([]byte, error) {
	if err == nil && len(answer) > abi.MaxAnswer {
		err = errTooLong
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func configure(config []byte) error {
	switch {
	case configurer != nil:
		return configurer(config)
	case len(config) > 0 && !bytes.Equal(bytes.TrimSpace(config), []byte("{}")):
		return errNoConfig
	}
	return nil
}

// errorText is never empty, valid UTF-8, and at most abi.MaxGuestError bytes.
func errorText(err error) []byte {
	text := strings.ToValidUTF8(err.Error(), "\uFFFD")
	if text == "" {
		text = "error without text"
	}
	return []byte(cut(text, abi.MaxGuestError))
}

// cut shortens valid UTF-8 to at most limit bytes at the border of a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
