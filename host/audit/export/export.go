// Package export turns entries of the log into what other programs read: JSON lines, CSV, CEF and syslog.
//
// An entry carries words of clients and plugins. Whatever they are, one entry stays one record of its format, no word
// becomes another field, nothing moves a cursor, hides or runs in a spreadsheet, and a reader that undoes the escapes gets
// every field back. All encoders are pure functions of the entry.
package export

import (
	"fmt"
	"slices"

	"bulkhead/host/gate"
)

// An Entry is one of a log's, with its place in it.
type Entry struct {
	gate.Entry
	Index uint64
	Hash  string // hex SHA-256 of Body
	Body  []byte // the entry's exact bytes

	Signature string // of the entry's own, base64; "" if it has none
}

// A Format is a way to write entries.
type Format string

// The formats.
const (
	JSONLines Format = "jsonl"  // {"index","hash","entry"}, a line each
	CSV       Format = "csv"    // RFC 4180, with a header
	CEF       Format = "cef"    // ArcSight Common Event Format 0, a line each
	Syslog    Format = "syslog" // RFC 5424, a line each, or with octet counting
)

// Formats returns every format.
func Formats() []Format { return []Format{JSONLines, CSV, CEF, Syslog} }

// Options are what a format says beside the entry itself. The zero value will do.
type Options struct {
	Origin  string // of the log, as its checkpoints name it
	Host    string // the device's name; "" is the origin
	Version string // of this program

	Facility     *int   // of syslog, 0 to 23; nil is 13, log audit
	Enterprise   uint32 // of syslog, whose structured data this is; 0 is the number kept for examples
	CountOctets  bool   // syslog for a stream: a message's length before it (RFC 6587, section 3.4.1), no line end behind it
	WithoutTitle bool   // CSV without its header
}

// The defaults of Options.
const (
	FacilityAudit     = 13    // log audit (RFC 5424, table 1)
	EnterpriseExample = 32473 // RFC 5612
)

// An Encoder writes entries in one format. It is safe for concurrent use.
type Encoder struct {
	Title  []byte // what stands once before the first entry, or nothing
	append func(dst []byte, e *Entry) []byte
}

// Append appends the entry's record.
func (c *Encoder) Append(dst []byte, e *Entry) []byte { return c.append(dst, e) }

// New returns the encoder of a format.
func New(f Format, o Options) (*Encoder, error) {
	if !slices.Contains(Formats(), f) {
		return nil, fmt.Errorf("unknown format %q, want one of %v", f, Formats())
	}
	if o.Host == "" {
		o.Host = o.Origin
	}
	if o.Facility != nil && (*o.Facility < 0 || *o.Facility > 23) {
		return nil, fmt.Errorf("syslog has no facility %d: 0 to 23", *o.Facility)
	}
	if o.CountOctets && f != Syslog {
		return nil, fmt.Errorf("octet counting is for syslog, not for %s", f)
	}
	switch f {
	case CSV:
		c := &Encoder{append: appendCSV}
		if !o.WithoutTitle {
			c.Title = csvTitle()
		}
		return c, nil
	case CEF:
		return &Encoder{append: newCEF(o).append}, nil
	case Syslog:
		return &Encoder{append: newSyslog(o).append}, nil
	}
	return &Encoder{append: appendJSON}, nil
}
