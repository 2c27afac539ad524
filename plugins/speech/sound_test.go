package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// A chunk is a piece of a WAV file in the making.
type chunk struct {
	id      string
	content []byte
}

// form is the content of a format chunk.
func form(tag, channels uint16, rate uint32, bits uint16) []byte {
	align := channels * bits / 8
	b := binary.LittleEndian.AppendUint16(nil, tag)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(align))
	b = binary.LittleEndian.AppendUint16(b, align)
	return binary.LittleEndian.AppendUint16(b, bits)
}

func right() []byte { return form(formatPCM, 1, sampleRate, 16) }

// extensible is a format chunk of the longer form.
func extensible(guid string) []byte {
	return append(append(form(formatExtensible, 1, sampleRate, 16), 22, 0, 16, 0, 4, 0, 0, 0), guid...)
}

func riff(chunks ...chunk) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVE")
	for _, c := range chunks {
		b = append(b, c.id...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(c.content)))
		b = append(b, c.content...)
		if len(c.content)%2 == 1 {
			b = append(b, 0)
		}
	}
	return sized(b, uint32(len(b)-8))
}

// sized returns b with another size in its header.
func sized(b []byte, size uint32) []byte {
	b = slices.Clone(b)
	binary.LittleEndian.PutUint32(b[4:], size)
	return b
}

func wav(data []byte) []byte { return riff(chunk{"fmt ", right()}, chunk{"data", data}) }

// tones is sound whose frames are each as loud as said, from 0 to 1.
func tones(loudness ...float64) []byte {
	var b []byte
	for _, v := range loudness {
		for range frameSize {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(v*32767)))
		}
	}
	return b
}

// argumentsFor are arguments with that file and more members, as JSON.
func argumentsFor(file []byte, more string) string {
	text, _ := json.Marshal(base64.StdEncoding.EncodeToString(file)) // a string always encodes
	return `{"audio":` + string(text) + more + `}`
}
