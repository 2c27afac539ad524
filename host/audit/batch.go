package audit

import (
	"bulkhead/host/audit/tree"
	"bulkhead/host/checkpoint"
)

// A batch is what one write and one fsync made durable, with its seal. That of an empty log has none.
type batch struct {
	head checkpoint.Head
	seal []byte
	view tree.View
}
