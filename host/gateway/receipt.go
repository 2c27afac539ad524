package gateway

import (
	"bytes"
	"encoding/json"
	"errors"

	"bulkhead/host/gate"
)

// ReceiptKey is where in a result's _meta its receipt stands, a gate.Proof.
const ReceiptKey = "bulkhead/receipt"

var errNotFramed = errors.New("the result has no place for its receipt")

// withReceipt puts the receipt first into the metadata of a framed result, of which it reads no more than the beginning:
// without the receipt it is, byte for byte, what its recorded digest is of.
func withReceipt(framed json.RawMessage, p *gate.Proof) (json.RawMessage, error) {
	if p == nil {
		return framed, nil
	}
	const head = `{"_meta":{`
	rest, ok := bytes.CutPrefix(framed, []byte(head))
	if !ok || len(rest) == 0 {
		return nil, errNotFramed
	}
	var out bytes.Buffer
	out.Grow(len(framed) + len(p.Entry) + len(p.Proof) + len(p.Entry)/4 + 256) // an eighth of an entry is quotes, to be escaped
	out.WriteString(head + `"` + ReceiptKey + `":`)
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		return nil, err
	}
	out.Truncate(out.Len() - 1) // the encoder ends a line
	if rest[0] != '}' {
		out.WriteByte(',')
	}
	out.Write(rest)
	return out.Bytes(), nil
}
