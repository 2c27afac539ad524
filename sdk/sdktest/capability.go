package sdktest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"

	"bulkhead/abi"
	"bulkhead/sdk"
)

func (h *Host) log(level uint32, line []byte) error {
	text := strings.ToValidUTF8(string(line[:min(len(line), abi.MaxLogLine)]), "\uFFFD")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, Line{Level: min(abi.Level(level), abi.LevelError), Text: text})
	return nil
}

func (h *Host) audit(object []byte) error {
	if len(object) > abi.MaxAuditObject {
		return abi.ErrLimit
	}
	var members map[string]json.RawMessage
	if err := sdk.Decode(object, &members); err != nil {
		return abi.ErrInvalid
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.audits = append(h.audits, bytes.Clone(object))
	return nil
}

func (h *Host) infer(model uint32, in []byte) ([]byte, error) {
	if int64(model) >= int64(len(h.config.Models)) {
		return nil, abi.ErrNotFound
	}
	return h.config.Models[model](bytes.Clone(in))
}

func (h *Host) progress(in []byte) error {
	if len(in) != 16 {
		return abi.ErrInvalid
	}
	done := math.Float64frombits(binary.LittleEndian.Uint64(in))
	total := math.Float64frombits(binary.LittleEndian.Uint64(in[8:]))
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.plausible(done, total) {
		h.t.Errorf("progress %g of %g is not finite, is negative, falls back or changes its total", done, total)
		return abi.ErrInvalid
	}
	h.reports = append(h.reports, Report{done, total})
	return nil
}

func (h *Host) plausible(done, total float64) bool {
	if !(done >= 0) || !(total >= 0) || math.IsInf(done, 0) || math.IsInf(total, 0) {
		return false
	}
	if len(h.reports) == 0 {
		return true
	}
	last := h.reports[len(h.reports)-1]
	return done >= last.Done && total == last.Total
}
