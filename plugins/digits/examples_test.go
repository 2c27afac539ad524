package digits_test

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The pictures of examples/quickstart are held-out digits, and the model is sure of them.
func TestExamples(t *testing.T) {
	folder := filepath.Join("..", "..", "examples", "quickstart")
	r, heldOut := readReference(t), readHeldOut(t)
	for _, c := range []struct {
		name   string
		digit  byte
		decode func(*testing.T, []byte) []byte
	}{{"seven.png", 7, decodePNG}, {"three.png", 3, decodePNG}, {"zero.pgm", 0, decodePGM}} {
		file, err := os.ReadFile(filepath.Join(folder, c.name))
		if err != nil {
			t.Fatal(err)
		}
		pixels := c.decode(t, file)
		if !slices.ContainsFunc(heldOut, func(p picture) bool { return p.label == c.digit && bytes.Equal(p.pixels, pixels) }) {
			t.Errorf("%s is not among the held-out digits", c.name)
		}
		if digit, confidence := read(t, r.predict(tensor(pixels))); digit != c.digit || confidence < 0.99 {
			t.Errorf("%s: read %d with %v, want %d with more than 0.99", c.name, digit, confidence, c.digit)
		}
	}
}

func decodePNG(t *testing.T, file []byte) []byte {
	decoded, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(decoded.Bounds())
	draw.Draw(gray, gray.Bounds(), decoded, image.Point{}, draw.Src)
	return gray.Pix
}

func decodePGM(t *testing.T, file []byte) []byte {
	pixels, ok := bytes.CutPrefix(file, []byte("P5\n28 28\n255\n"))
	if !ok || len(pixels) != inputs {
		t.Fatal("not a PGM of 28 by 28 pixels")
	}
	return pixels
}
