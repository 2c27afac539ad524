package main

import (
	"encoding/base64"
	"encoding/json"

	"bulkhead/sdk"
)

const (
	maxFile  = 64 << 10
	minNonce = 16
	maxNonce = 32 // with the report's digest after it, the most that attest takes
)

// arguments is what label.schema.json describes, decoded.
type arguments struct {
	file   []byte
	attest bool
	nonce  []byte
}

func parseArguments(raw json.RawMessage) (arguments, error) {
	var a struct {
		Image  string `json:"image"`
		Attest bool   `json:"attest"`
		Nonce  string `json:"nonce"`
	}
	if err := sdk.Decode(raw, &a); err != nil {
		return arguments{}, complaint("The arguments are not those of this tool.")
	}
	if len(a.Image) > base64.StdEncoding.EncodedLen(maxFile) {
		return arguments{}, errFileSize
	}
	file, ok := decodeBase64(a.Image)
	if !ok {
		return arguments{}, complaint("The image is not base64.")
	}
	if len(file) > maxFile {
		return arguments{}, errFileSize
	}
	nonce, ok := decodeBase64(a.Nonce)
	if !ok || len(nonce) > 0 && (len(nonce) < minNonce || len(nonce) > maxNonce) {
		return arguments{}, complaint("The nonce is not base64 of 16 to 32 bytes.")
	}
	if len(nonce) > 0 && !a.Attest {
		return arguments{}, complaint("The nonce is for attest, which is not asked for.")
	}
	return arguments{file, a.Attest, nonce}, nil
}

const errFileSize = complaint("The image file has more than 64 KiB.")

// decodeBase64 takes the standard alphabet with padding, in the one form that encoding gives.
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil && base64.StdEncoding.EncodeToString(b) == s
}
