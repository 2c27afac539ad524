package sdk

import (
	"encoding/json"
	"fmt"
)

// overJSON makes a handler of bytes out of a handler of messages. Auth, Policy and Tool use it; a model does not, and so
// carries no JSON code.
func overJSON[Q, A any](h func(Q) (A, error)) func([]byte) ([]byte, error) {
	learn[Q, A]()
	return func(request []byte) ([]byte, error) {
		var q Q
		if err := Decode(request, &q); err != nil {
			return nil, fmt.Errorf("decoding request: %w", err)
		}
		a, err := h(q)
		if err != nil {
			return nil, err
		}
		answer, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("encoding answer: %w", err)
		}
		return answer, nil
	}
}
