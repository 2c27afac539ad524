package guest

import (
	"encoding/binary"
	"unicode/utf8"

	"bulkhead/abi"
)

// log(level, ptr, len) never fails: what cannot be logged is counted.
func (c *call) log(p []uint64) {
	line, err := c.window(p[1], p[2])
	if err != nil {
		c.Drop()
		return
	}
	if line = cut(line); c.charge(len(line)) == nil {
		c.Log(abi.Level(uint32(p[0])), line)
	}
}

// Log hands one line of at most MaxLogLine on, if log is granted and the line is new. It serves the capability and WASI's
// streams.
func (c *call) Log(level abi.Level, line []byte) {
	if !c.module.program.Grants.Has(abi.Log) {
		c.Drop()
		return
	}
	if _, err := c.ask(abi.Log, uint32(min(level, abi.LevelError)), nil, line); err != nil {
		c.Drop()
	}
}

// Drop counts a line that nobody will see.
func (c *call) Drop() {
	if c.phase != restarting {
		c.module.dropped.Add(1)
	}
}

// cut shortens a line to MaxLogLine, not inside a UTF-8 sequence.
func cut(line []byte) []byte {
	if len(line) <= abi.MaxLogLine {
		return line
	}
	end := abi.MaxLogLine
	for end > abi.MaxLogLine-utf8.UTFMax && !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end]
}

// progress(done, total) passes on what makes sense and ignores the rest.
func (c *call) progress(p []uint64) {
	var in [16]byte
	binary.LittleEndian.PutUint64(in[:8], p[0])
	binary.LittleEndian.PutUint64(in[8:], p[1])
	if c.phase == handling && c.ratio.Report(in[:]) == nil {
		c.ask(abi.Progress, 0, nil, in[:])
	}
}
