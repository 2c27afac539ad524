// Package abi holds the types and numbers of everything that crosses the sandbox of a Bulkhead plugin, version 1.
//
// SPEC.md in this folder is the normative text; this package is what the host and the Go SDK share of it. It imports
// only the standard library, so that a guest in any language has one page to read and a Go guest stays small.
package abi

import (
	"errors"
	"fmt"
)

// Version is the ABI version that this package describes. It is part of every export and import name.
const Version = 1

// Module is the name of the import module that carries the host functions.
const Module = "bulkhead_v1"

// WASIModule is the import module of WASI preview 1, linked only for plugins that declare wasi = true.
const WASIModule = "wasi_snapshot_preview1"

// Exports of a guest, and the one memory that it must define and export.
const (
	ExportMemory     = "memory"
	ExportInput      = "bulkhead_v1_input"
	ExportHandle     = "bulkhead_v1_handle"
	ExportConfigure  = "bulkhead_v1_configure"
	ExportInitialize = "_initialize"
)

// Limits of ABI v1. All sizes are in bytes.
const (
	InputHint      = 4096     // the size that the host asks for once, before the snapshot
	MaxRequest     = 16 << 20 // a request of the host
	MaxAnswer      = 16 << 20 // an answer of the guest
	MaxGuestError  = 4 << 10  // a guest's error text
	MaxAuditObject = 16 << 10 // the JSON object given to audit
	MaxLogLine     = 4 << 10  // one line given to log; longer lines are cut
	MaxSignInput   = 64 << 10 // the message given to sign
	MinNonce       = 16       // a nonce given to attest
	MaxNonce       = 64
	MaxJSONDepth   = 64   // nesting of any JSON that crosses the sandbox
	MaxSlots       = 32   // entries of each of the descriptor's keys, models and assets
	MaxBatch       = 1024 // examples in one request to a model
	MaxReason      = 1024 // a policy's or an auth plugin's reason
	MaxPrincipal   = 256  // a principal's identifier
)

// Errno is a negative result of a host function. Its zero value is not an error and is never returned as one.
type Errno int32

// The errnos of ABI v1. Meanings are in SPEC.md, section "Errnos".
const (
	ErrDenied      Errno = -1
	ErrInvalid     Errno = -2
	ErrFault       Errno = -3
	ErrLimit       Errno = -4
	ErrUnavailable Errno = -5
	ErrDeadline    Errno = -6
	ErrNotFound    Errno = -7
	ErrInternal    Errno = -8
)

var errnoText = [...]string{"", "denied", "invalid", "bad pointer", "limit reached", "unavailable", "deadline passed", "not found", "internal error"}

// Error is the errno's text, "errno N" for a number outside ABI v1.
func (e Errno) Error() string {
	if e < 0 && e >= ErrInternal {
		return errnoText[-e]
	}
	return fmt.Sprintf("errno %d", int32(e))
}

// ErrnoOf is what a guest learns of an error of the host: the errno that it is or wraps, if that is one of ABI v1, else
// ErrInternal.
func ErrnoOf(err error) Errno {
	if e, ok := errors.AsType[Errno](err); ok && e <= ErrDenied && e >= ErrInternal {
		return e
	}
	return ErrInternal
}

// A Role is what a plugin is for. A plugin has exactly one.
type Role string

// The roles of ABI v1.
const (
	RoleAuth   Role = "auth"
	RolePolicy Role = "policy"
	RoleTool   Role = "tool"
	RoleModel  Role = "model"
)

// Roles returns every role, in the order of SPEC.md.
func Roles() []Role { return []Role{RoleAuth, RolePolicy, RoleTool, RoleModel} }

// Valid reports whether r is a role of ABI v1.
func (r Role) Valid() bool {
	return r == RoleAuth || r == RolePolicy || r == RoleTool || r == RoleModel
}

// A Level is the severity of a log line.
type Level uint32

// The levels of log. A guest's other numbers count as LevelError.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)
