package export

import (
	"encoding/base64"
	"strconv"

	"bulkhead/host/gate"
)

// appendJSON writes {"index","hash","entry"}. The entry is its exact bytes, whose SHA-256 is the hash. If anything in
// them does not show, it is written as JSON escapes of the same value, and the member "bytes" has the exact bytes in
// base64.
func appendJSON(dst []byte, e *Entry) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendUint(dst, e.Index, 10)
	dst = append(dst, `,"hash":"`...)
	dst = append(dst, e.Hash...)
	dst = append(dst, `","entry":`...)
	body := string(e.Body)
	shown := gate.EscapeJSON(body)
	dst = append(dst, shown...)
	if shown != body {
		dst = append(dst, `,"bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, e.Body)
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...)
}
