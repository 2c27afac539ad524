package guests

import (
	w "bulkhead/runtimes/runtimetest/wasmbuild"
)

// Says answers the same words to every request: a tool without work, of as many pages as C tools have.
func Says(words string) []byte {
	m := &w.Module{}
	m.Data(answerAt, []byte(words))
	return plugin(m, 1, answer(answerAt, uint32(len(words))))
}
