package main

import "bytes"

const (
	side   = 28
	pixels = side * side

	minContrast = 64
)

// A picture is 28 by 28 grey values, row by row, as the model wants it: a light digit on dark ground.
type picture [pixels]byte

// readPicture decodes a PNG or PGM. A dark digit on light ground, as labels mostly have, is turned into its negative.
func readPicture(file []byte) (p picture, inverted bool, err error) {
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		p, err = decodePNG(file)
	case bytes.HasPrefix(file, []byte("P5")):
		p, err = decodePGM(file)
	default:
		err = complaint("The image is neither PNG nor binary PGM (P5).")
	}
	if err != nil {
		return p, false, err
	}
	if p.contrast() < minContrast {
		return p, false, complaint("The image shows nothing: it has hardly any contrast.")
	}
	if inverted = p.lightGround(); inverted {
		for i := range p {
			p[i] = 255 - p[i]
		}
	}
	return p, inverted, nil
}

func (p *picture) contrast() byte {
	low, high := p[0], p[0]
	for _, v := range p {
		low, high = min(low, v), max(high, v)
	}
	return high - low
}

// lightGround reports whether the pixels at the edge, which a digit seldom touches, are light on average.
func (p *picture) lightGround() bool {
	sum, count := 0, 0
	for i, v := range p {
		if x, y := i%side, i/side; x == 0 || y == 0 || x == side-1 || y == side-1 {
			sum += int(v)
			count++
		}
	}
	return sum > 127*count
}
