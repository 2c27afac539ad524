package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

func TestWAV(t *testing.T) {
	data := tones(0.5)
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"plain", wav(data)},
		{"extensible", riff(chunk{"fmt ", extensible(pcmGUID)}, chunk{"data", data})},
		{"a longer format", riff(chunk{"fmt ", append(right(), 0, 0)}, chunk{"data", data})},
		{"other chunks, of odd lengths too", riff(chunk{"LIST", []byte("abc")}, chunk{"fmt ", right()}, chunk{"", nil}, chunk{"fact", nil}, chunk{"data", data}, chunk{"id3 ", []byte("x")})},
	} {
		if c.name == "other chunks, of odd lengths too" {
			c.file = bytes.Replace(c.file, []byte("\x00\x00\x00\x00fact"), []byte("fact"), 1)
			c.file = sized(c.file, uint32(len(c.file)-8))
		}
		if got, err := readWAV(c.file); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

// badWAVs are the attacks and mishaps, with what the client reads about each.
func badWAVs() []struct {
	name      string
	file      []byte
	complaint string
} {
	data := tones(0.5)
	long := func(at int, size uint32) []byte { // another size in a chunk's header
		b := wav(data)
		binary.LittleEndian.PutUint32(b[at:], size)
		return b
	}
	with := func(f []byte) []byte { return riff(chunk{"fmt ", f}, chunk{"data", data}) }
	contradicting := right()
	contradicting[12] = 4
	type bad = struct {
		name      string
		file      []byte
		complaint string
	}
	return []bad{
		{"text", []byte("hello, world, this is no sound"), "no WAV"},
		{"RIFF alone", []byte("RIFF"), "no WAV"},
		{"big-endian", append([]byte("RIFX"), wav(data)[4:]...), "no WAV"},
		{"another form of RIFF", bytes.Replace(wav(data), []byte("WAVE"), []byte("AVI "), 1), "no WAV"},
		{"header of 0", sized(wav(data), 0), "says 8 bytes"},
		{"header of 4 GiB", sized(wav(data), math.MaxUint32), "says 4294967303 bytes"},
		{"cut off", wav(data)[:500], "cut off"},
		{"a byte behind", append(wav(data), 0), "something behind"},
		{"no chunks", riff(), "no format"},
		{"format of 4 GiB", long(16, math.MaxUint32), "longer than the file"},
		{"data of 4 GiB", long(40, math.MaxUint32), "longer than the file"},
		{"data a byte too long", long(40, uint32(len(data))+1), "longer than the file"},
		{"data of 2 GiB", long(40, 1<<31), "longer than the file"},
		{"half a chunk header", sized(append(wav(data), "LIST"...), uint32(len(wav(data)))-4), "longer than the file"},
		{"an odd chunk without its filler", sized(append(wav(data), "LIST\x01\x00\x00\x00x"...), uint32(len(wav(data)))+1), "longer than the file"},
		{"no format", riff(chunk{"data", data}), "before their format"},
		{"format after data", riff(chunk{"data", data}, chunk{"fmt ", right()}), "before their format"},
		{"no data", riff(chunk{"fmt ", right()}), "no samples"},
		{"empty data", wav(nil), "no samples"},
		{"data twice", riff(chunk{"fmt ", right()}, chunk{"data", data}, chunk{"data", data}), "twice"},
		{"empty data twice", riff(chunk{"fmt ", right()}, chunk{"data", nil}, chunk{"data", data}), "twice"},
		{"format twice", riff(chunk{"fmt ", right()}, chunk{"fmt ", right()}, chunk{"data", data}), "twice"},
		{"a thousand chunks", riff(append(make([]chunk, 0), manyChunks(1000)...)...), "too many chunks"},
		{"a short format", with(right()[:15]), "too short"},
		{"an empty format", with(nil), "too short"},
		{"half a sample", wav(data[1:]), "in the middle of a sample"},
		{"8 bits", with(form(formatPCM, 1, sampleRate, 8)), "8-bit"},
		{"24 bits", with(form(formatPCM, 1, sampleRate, 24)), "24-bit"},
		{"0 bits", with(form(formatPCM, 1, sampleRate, 0)), "0-bit"},
		{"float", with(form(formatFloat, 1, sampleRate, 32)), "floating-point"},
		{"mu-law", with(form(7, 1, sampleRate, 8)), "format 7"},
		{"extensible float", with(extensible("\x03" + pcmGUID[1:])), "format 65534"},
		{"extensible, too short", with(extensible(pcmGUID)[:39]), "format 65534"},
		{"stereo", with(form(formatPCM, 2, sampleRate, 16)), "2 channels"},
		{"no channel", with(form(formatPCM, 0, sampleRate, 16)), "0 channels"},
		{"44.1 kHz", with(form(formatPCM, 1, 44100, 16)), "44100 samples a second"},
		{"8 kHz", with(form(formatPCM, 1, 8000, 16)), "8000 samples a second"},
		{"4 GHz", with(form(formatPCM, 1, math.MaxUint32, 16)), "samples a second"},
		{"a format that contradicts itself", with(contradicting), "contradicts itself"},
		{"121 seconds", wav(make([]byte, 2*sampleRate*121)), "longer than 120 seconds"},
		{"120 seconds and a sample", wav(make([]byte, maxData+2)), "longer than 120 seconds"},
	}
}

func manyChunks(n int) (all []chunk) {
	for range n {
		all = append(all, chunk{"junk", nil})
	}
	return all
}

func TestBadWAVs(t *testing.T) {
	for _, c := range badWAVs() {
		got, err := readAudio(c.file, "wav", 0)
		if err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: %d bytes, %v; want a complaint about %q", c.name, len(got), err, c.complaint)
		}
	}
}

// What comes out of a file was in it, whole samples and not too many.
func FuzzWAV(f *testing.F) {
	f.Add(wav(tones(0.5)))
	for _, c := range badWAVs() {
		if len(c.file) < 1<<16 {
			f.Add(c.file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := readAudio(file, "wav", 0)
		if err == nil && (len(got) == 0 || len(got)%2 != 0 || len(got) > maxData || !bytes.Contains(file, got)) {
			t.Errorf("%d bytes of samples of %d", len(got), len(file))
		}
	})
}
