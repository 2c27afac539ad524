package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
)

// writeExamples writes the first held-out seven and three as PNG and the first zero as PGM, each the first that the
// network is sure of.
func writeExamples(folder string, n *network, heldOut []digit) error {
	if folder == "" {
		return nil
	}
	for _, e := range []struct {
		name   string
		label  byte
		encode func(*digit) ([]byte, error)
	}{{"seven.png", 7, encodePNG}, {"three.png", 3, encodePNG}, {"zero.pgm", 0, encodePGM}} {
		d, err := firstSure(n, heldOut, e.label)
		if err != nil {
			return err
		}
		data, err := e.encode(d)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", e.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, e.name), data, 0o644); err != nil {
			return fmt.Errorf("writing an example: %w", err)
		}
	}
	return nil
}

func firstSure(n *network, digits []digit, label byte) (*digit, error) {
	p := newPass()
	for i := range digits {
		if got, confidence := n.predict(p, &digits[i]); digits[i].label == label && got == label && confidence > 0.99 {
			return &digits[i], nil
		}
	}
	return nil, fmt.Errorf("no held-out %d that the network is sure of", label)
}

func encodePNG(d *digit) ([]byte, error) {
	picture := &image.Gray{Pix: d.pixels[:], Stride: side, Rect: image.Rect(0, 0, side, side)}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, picture)
	return b.Bytes(), err
}

func encodePGM(d *digit) ([]byte, error) {
	return append(fmt.Appendf(nil, "P5\n%d %d\n255\n", side, side), d.pixels[:]...), nil
}
