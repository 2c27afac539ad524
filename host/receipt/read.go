package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"bulkhead/abi"
	"bulkhead/host/gate"
	"bulkhead/host/strictjson"
)

// Key is where in a result's _meta its receipt stands.
const Key = "bulkhead/receipt"

// MaxFile is the most that one of the Read functions takes, in bytes.
const MaxFile = 32 << 20

// maxDepth is the nesting of a JSON-RPC message: one more than what is in it.
const maxDepth = abi.MaxJSONDepth + 1

var errNoReceipt = fmt.Errorf(`there is no receipt: want an object with entry, salt and proof, or an MCP result or JSON-RPC response that has one at _meta[%q]`, Key)

// Read finds a receipt: alone, in an MCP result, or in a JSON-RPC response. With one of the latter it returns the result
// too, without the receipt; alone, nil.
func Read(data []byte) (r gate.Proof, result []byte, err error) {
	top, err := object(data, "the file")
	if err != nil {
		return r, nil, err
	}
	if _, bare := top["entry"]; bare {
		return r, nil, decode(data, &r)
	}
	result, raw, err := split(data)
	if err != nil {
		return r, nil, err
	}
	if raw == nil {
		return r, nil, errNoReceipt
	}
	return r, result, decode(raw, &r)
}

func decode(raw []byte, r *gate.Proof) error {
	if err := strictjson.Decode(raw, r); err != nil {
		return fmt.Errorf("reading the receipt: %w", err)
	}
	return nil
}

// ReadResult reads an MCP result or a JSON-RPC response, with or without its receipt, which it takes out.
func ReadResult(data []byte) (result []byte, err error) {
	result, _, err = split(data)
	return result, err
}

// ReadParams reads the params of an MCP request, or the JSON-RPC request that has them.
func ReadParams(data []byte) ([]byte, error) { return inner(data, "params") }

// split returns a result without its receipt, and the receipt, nil if there is none. What the host hashed has the same
// metadata without that one member, even where none is left.
func split(data []byte) (result, receipt []byte, err error) {
	if data, err = inner(data, "result"); err != nil {
		return nil, nil, err
	}
	top, err := object(data, "the result")
	if err != nil || top["_meta"] == nil {
		return data, nil, err
	}
	meta, err := object(top["_meta"], "the result's _meta")
	if err != nil || meta[Key] == nil {
		return data, nil, err
	}
	receipt = meta[Key]
	delete(meta, Key)
	if top["_meta"], err = json.Marshal(meta); err == nil {
		result, err = json.Marshal(top)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("taking the receipt out of the result: %w", err)
	}
	return result, receipt, nil
}

// inner takes a member out of a JSON-RPC message. What is no such message is returned as it is. What is one has nothing
// beside, so that nobody can read another result out of it.
func inner(data []byte, name string) ([]byte, error) {
	top, err := object(data, "the file")
	if err != nil || top["jsonrpc"] == nil {
		return data, err
	}
	if string(top["jsonrpc"]) != `"2.0"` || top[name] == nil {
		return nil, fmt.Errorf("this is no JSON-RPC 2.0 message with a %s", name)
	}
	for member := range top {
		if member != "jsonrpc" && member != "id" && member != name && (member != "method" || name != "params") {
			return nil, fmt.Errorf("the JSON-RPC message has the member %.40q beside its %s", member, name)
		}
	}
	return top[name], nil
}

// object decodes strictly, one level deep.
func object(data []byte, what string) (map[string]json.RawMessage, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("reading %s: more than %d bytes", what, MaxFile)
	}
	var members map[string]json.RawMessage
	if err := strictjson.DecodeDepth(data, &members, maxDepth); err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if members == nil {
		return nil, errors.New("reading " + what + ": no object")
	}
	return members, nil
}

func digest(salt, data []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
