package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"bulkhead/plugins/internal/complain"
	"bulkhead/sdk"
)

// The tensors of the model vad: see plugins/vad/README.md.
const (
	contextSize = 64  // samples before the frame
	frameSize   = 512 // 32 ms
	stateBytes  = 4 * 2 * 128

	soundBytes   = 4 * (contextSize + frameSize)
	requestBytes = soundBytes + stateBytes
	answerBytes  = 4 + stateBytes
)

// reportEvery is how many frames there are from one progress report to the next: some milliseconds of work.
const reportEvery = 64

// listen asks the model about every frame and returns the probabilities of speech. The model keeps nothing from call to call:
// what it has heard so far is the state, which goes out of one answer into the next request. The last frame is filled up with
// silence.
func listen(s samples) ([]float32, error) {
	frames := (s.count() + frameSize - 1) / frameSize
	p := make([]float32, frames)
	request := make([]byte, requestBytes)
	for i := range frames {
		if i%reportEvery == 0 {
			sdk.Progress(float64(i), float64(frames))
		}
		fill(request, s, i)
		answer, err := sdk.Infer(vadModel, request)
		if err != nil {
			return nil, complain.Explain("listen", fmt.Errorf("asking the model about frame %d: %w", i, err))
		}
		if p[i], err = probability(answer); err != nil {
			return nil, fmt.Errorf("frame %d: %w", i, err)
		}
		copy(request[soundBytes:], answer[4:])
	}
	sdk.Progress(float64(frames), float64(frames))
	return p, nil
}

// fill puts the sound of a frame into the request.
func fill(request []byte, s samples, frame int) {
	first := frame*frameSize - contextSize
	for j := range contextSize + frameSize {
		binary.LittleEndian.PutUint32(request[4*j:], math.Float32bits(s.at(first+j)))
	}
}

func probability(answer []byte) (float32, error) {
	if len(answer) != answerBytes {
		return 0, fmt.Errorf("the model answered with %d bytes, want %d", len(answer), answerBytes)
	}
	p := math.Float32frombits(binary.LittleEndian.Uint32(answer))
	if !(p >= 0 && p <= 1) {
		return 0, fmt.Errorf("the model answered with the probability %v", p)
	}
	return p, nil
}
