package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// The pictures of examples/quickstart, which the model digits knows.
func example(t testing.TB, name string) []byte {
	file, err := os.ReadFile(filepath.Join("..", "..", "examples", "quickstart", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// seven returns the pixels of seven.png, decoded without the plugin's code.
func seven(t testing.TB) *image.Gray {
	decoded, err := png.Decode(bytes.NewReader(example(t, "seven.png")))
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(decoded.Bounds())
	draw.Draw(gray, gray.Bounds(), decoded, image.Point{}, draw.Src)
	return gray
}

func tensor(g *image.Gray) []byte {
	var x []byte
	for _, v := range g.Pix {
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(v)/255))
	}
	return x
}

func encodePNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// redraw paints g onto another kind of picture.
func redraw(g *image.Gray, to draw.Image) image.Image {
	draw.Draw(to, g.Bounds(), g, image.Point{}, draw.Src)
	return to
}

func negative(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Bounds())
	for i, v := range g.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}

func pgm(header string, raster []byte) []byte { return append([]byte(header), raster...) }

// pngHeader is a PNG that promises a size and holds nothing more than its header.
func pngHeader(width, height uint32) []byte {
	whole := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	whole = binary.BigEndian.AppendUint32(whole, width)
	whole = binary.BigEndian.AppendUint32(whole, height)
	whole = append(whole, 8, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint32(whole, crc(whole[12:]))
}

func crc(b []byte) uint32 {
	c := ^uint32(0)
	for _, v := range b {
		c ^= uint32(v)
		for range 8 {
			c = c>>1 ^ 0xedb88320&-(c&1)
		}
	}
	return ^c
}

func argumentsFor(file []byte, more string) string {
	return fmt.Sprintf(`{"image":"%s"%s}`, base64.StdEncoding.EncodeToString(file), more)
}

type fileCase struct {
	name string
	file []byte
}

// goodFiles all show the pixels of seven.png.
func goodFiles(t testing.TB) []fileCase {
	g := seven(t)
	b := g.Bounds()
	palette := color.Palette{}
	for v := range 256 {
		palette = append(palette, color.Gray{Y: uint8(v)})
	}
	return []fileCase{
		{"the example", example(t, "seven.png")},
		{"16 bits", encodePNG(t, redraw(g, image.NewGray16(b)))},
		{"colour", encodePNG(t, redraw(g, image.NewRGBA(b)))},
		{"16 bits of colour", encodePNG(t, redraw(g, image.NewNRGBA64(b)))},
		{"palette", encodePNG(t, redraw(g, image.NewPaletted(b, palette)))},
		{"dark on light", encodePNG(t, negative(g))},
		{"PGM", pgm("P5\n28 28\n255\n", g.Pix)},
		{"PGM with comments", pgm("P5 # a label\n#28\n28\t28 # size\r255\n", g.Pix)},
		{"PGM, dark on light", pgm("P5 28 28 255 ", negative(g).Pix)},
	}
}

type badFile struct {
	name      string
	file      []byte
	complaint string
}

func badFiles(t testing.TB) []badFile {
	g := seven(t)
	good := encodePNG(t, g)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	holed := redraw(g, image.NewNRGBA(g.Bounds())).(*image.NRGBA)
	holed.SetNRGBA(3, 3, color.NRGBA{})
	return []badFile{
		{"empty", nil, "neither PNG nor"},
		{"JPEG", []byte("\xff\xd8\xff\xe0"), "neither PNG nor"},
		{"PGM in text", pgm("P2\n28 28\n255\n", g.Pix), "neither PNG nor"},
		{"PNG of 27 by 28", encodePNG(t, image.NewGray(image.Rect(0, 0, 27, 28))), "28 by 28"},
		{"PNG of 28 by 29", encodePNG(t, image.NewGray(image.Rect(0, 0, 28, 29))), "28 by 28"},
		{"PNG that promises 10 gigapixels", pngHeader(100_000, 100_000), "28 by 28"},
		{"PNG that promises no pixel", pngHeader(0, 0), "damaged"},
		{"PNG of a header only", pngHeader(28, 28), "damaged"},
		{"PNG cut off", good[:len(good)-20], "damaged"},
		{"PNG with a flipped bit", flipped, "damaged"},
		{"PNG with data after it", append(bytes.Clone(good), 0), "damaged"},
		{"PNG, transparent in one pixel", encodePNG(t, holed), "transparent"},
		{"PNG, black", encodePNG(t, image.NewGray(g.Bounds())), "contrast"},
		{"PGM, white", pgm("P5 28 28 255 ", bytes.Repeat([]byte{255}, pixels)), "contrast"},
		{"PGM, hardly any grey", pgm("P5 28 28 255 ", append(bytes.Repeat([]byte{9}, pixels-1), 9+minContrast-1)), "contrast"},
		{"PGM of 784 by 1", pgm("P5 784 1 255 ", g.Pix), "28 by 28"},
		{"PGM of huge numbers", pgm("P5 4294967324 28 255 ", g.Pix), "damaged"},
		{"PGM of 16 bits", pgm("P5 28 28 65535 ", append(g.Pix, g.Pix...)), "damaged"},
		{"PGM without grey", pgm("P5 28 28 0 ", g.Pix), "damaged"},
		{"PGM brighter than white", pgm("P5 28 28 100 ", g.Pix), "damaged"},
		{"PGM short", pgm("P5 28 28 255 ", g.Pix[1:]), "damaged"},
		{"PGM of two pictures", pgm("P5 28 28 255 ", append(g.Pix, g.Pix...)), "damaged"},
		{"PGM without space after the header", pgm("P5 28 28 255", g.Pix), "damaged"},
		{"PGM of a comment", []byte("P5 #28 28 255"), "damaged"},
		{"PGM of nothing", []byte("P5"), "damaged"},
		{"PGM negative", pgm("P5 -28 28 255 ", g.Pix), "damaged"},
	}
}

func TestScaling(t *testing.T) {
	raster := make([]byte, pixels)
	raster[pixels/2+14], raster[pixels/2+15] = 100, 50
	p, inverted, err := readPicture(pgm("P5 28 28 100 ", raster))
	if err != nil || inverted || p[pixels/2+14] != 255 || p[pixels/2+15] != 128 {
		t.Errorf("got %d and %d, inverted %v, %v; want 255 and 128", p[pixels/2+14], p[pixels/2+15], inverted, err)
	}
}

func FuzzReadPicture(f *testing.F) {
	for _, c := range goodFiles(f) {
		f.Add(c.file)
	}
	for _, c := range badFiles(f) {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		p, _, err := readPicture(file)
		if err == nil && (p.contrast() < minContrast || p.lightGround()) {
			t.Error("took a picture that is no light digit on dark ground")
		}
	})
}
