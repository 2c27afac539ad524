package abi

import (
	"encoding/binary"
	"math"
)

// A Ratio is how far a call has come, by its own reports of progress. Its zero value is a call that has made none.
type Ratio struct {
	Done, Total float64

	reported bool
}

// Report takes the input of Progress, done and total as f64 little-endian, if it may come next: finite, not negative, done
// never less than before, total that of the first report. Otherwise it changes nothing and returns ErrInvalid.
func (r *Ratio) Report(in []byte) error {
	if len(in) != 16 {
		return ErrInvalid
	}
	next := Ratio{
		Done:     math.Float64frombits(binary.LittleEndian.Uint64(in)),
		Total:    math.Float64frombits(binary.LittleEndian.Uint64(in[8:])),
		reported: true,
	}
	if !(next.Done >= r.Done) || !(next.Total >= 0) || math.IsInf(next.Done, 0) || math.IsInf(next.Total, 0) {
		return ErrInvalid
	}
	if r.reported && next.Total != r.Total {
		return ErrInvalid
	}
	*r = next
	return nil
}
