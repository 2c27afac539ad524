package main

import (
	"encoding/binary"
	"fmt"
)

// The form of WAV files: "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), and for
// the extensible format "Multiple Channel Audio Data and WAVE Files" (Microsoft).

const (
	formatPCM        = 1
	formatFloat      = 3
	formatExtensible = 0xfffe

	maxChunks = 64
)

// pcmGUID is how an extensible format says PCM.
const pcmGUID = "\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// readWAV returns the samples of a WAV file of 16 kHz, mono, 16-bit PCM. The file must be whole: every length in it is
// held against the bytes that are there, and nothing may follow.
func readWAV(file []byte) (samples, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, complaint("The audio is no WAV file: it does not start with RIFF and WAVE.")
	}
	if size := binary.LittleEndian.Uint32(file[4:]); uint64(size) != uint64(len(file))-8 {
		return nil, complaint(fmt.Sprintf("The WAV is cut off or has something behind it: its header says %d bytes, and there are %d.", uint64(size)+8, len(file)))
	}
	var format, data []byte
	rest := file[12:]
	for range maxChunks {
		if len(rest) == 0 {
			break
		}
		id, content, next, ok := readChunk(rest)
		switch {
		case !ok:
			return nil, complaint("The WAV is damaged: a chunk is longer than the file.")
		case id == "fmt " && format == nil:
			format = content
		case id == "data" && data == nil && format != nil:
			data = content
		case id == "fmt " || id == "data":
			return nil, complaint("The WAV is damaged: chunks come twice, or samples before their format.")
		}
		rest = next
	}
	switch {
	case len(rest) > 0:
		return nil, complaint("The WAV has too many chunks.")
	case format == nil:
		return nil, complaint("The WAV is damaged: it has no format.")
	case data == nil:
		return nil, complaint("The WAV has no samples.")
	}
	return data, checkFormat(format)
}

// readChunk splits the first chunk off. One with an odd length is followed by a byte that counts for nothing. The content
// is never nil, and nothing can be read behind it.
func readChunk(b []byte) (id string, content, rest []byte, ok bool) {
	if len(b) < 8 {
		return "", nil, nil, false
	}
	size := uint64(binary.LittleEndian.Uint32(b[4:]))
	filled := size + size%2
	if filled > uint64(len(b)-8) {
		return "", nil, nil, false
	}
	return string(b[:4]), b[8 : 8+size : 8+size], b[8+filled:], true
}

// checkFormat says of what a format chunk has otherwise what this tool takes.
func checkFormat(b []byte) error {
	if len(b) < 16 {
		return complaint("The WAV is damaged: its format is too short.")
	}
	tag, channels, rate := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])
	perSecond, perSample, bits := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint16(b[12:]), binary.LittleEndian.Uint16(b[14:])
	if tag == formatExtensible && len(b) >= 40 && string(b[24:40]) == pcmGUID {
		tag = formatPCM
	}
	switch {
	case tag == formatFloat:
		return complaint("The WAV has floating-point samples; this tool takes 16-bit PCM.")
	case tag != formatPCM:
		return complaint(fmt.Sprintf("The WAV has the format %d, which is not plain PCM; this tool takes 16-bit PCM.", tag))
	case channels != 1:
		return complaint(fmt.Sprintf("The WAV has %d channels; this tool takes one. Mix them.", channels))
	case bits != 16:
		return complaint(fmt.Sprintf("The WAV has %d-bit samples; this tool takes 16-bit PCM.", bits))
	case rate != sampleRate:
		return wrongRate(int(rate))
	case perSample != 2 || perSecond != 2*sampleRate:
		return complaint("The WAV is damaged: its format contradicts itself.")
	}
	return nil
}
