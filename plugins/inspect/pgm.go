package main

// decodePGM reads the binary form, P5, with one byte per pixel and one picture in the file
// (https://netpbm.sourceforge.net/doc/pgm.html).
func decodePGM(file []byte) (p picture, err error) {
	rest := file[len("P5"):]
	var header [3]int // width, height, largest value
	for i := range header {
		var ok bool
		if header[i], rest, ok = number(rest); !ok {
			return p, errPGM
		}
	}
	if header[0] != side || header[1] != side {
		return p, errSize
	}
	most := header[2]
	if most < 1 || most > 255 || len(rest) != 1+pixels || !space(rest[0]) {
		return p, errPGM
	}
	for i, v := range rest[1:] {
		if int(v) > most {
			return p, errPGM
		}
		p[i] = byte((int(v)*255 + most/2) / most)
	}
	return p, nil
}

const errPGM = complaint("The PGM is damaged, or has more than one byte per pixel or more than one picture.")

// number skips white space, of which there must be some, and comments, and reads at most five digits.
func number(b []byte) (n int, rest []byte, ok bool) {
	if len(b) == 0 || !space(b[0]) {
		return 0, nil, false
	}
	for comment := false; len(b) > 0 && (comment || space(b[0]) || b[0] == '#'); b = b[1:] {
		comment = comment && b[0] != '\n' && b[0] != '\r' || b[0] == '#'
	}
	digits := 0
	for digits < len(b) && digits <= 5 && '0' <= b[digits] && b[digits] <= '9' {
		n = 10*n + int(b[digits]-'0')
		digits++
	}
	return n, b[digits:], 1 <= digits && digits <= 5
}

func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
