package main

func (n *network) predict(p *pass, d *digit) (label byte, confidence float32) {
	for i, v := range d.pixels {
		p.values[0][i] = float32(v) / 255
	}
	n.forward(p)
	for i, v := range p.values[len(n.layers)] {
		if v > confidence {
			label, confidence = byte(i), v
		}
	}
	return label, confidence
}

func correct(n *network, digits []digit) int {
	p, right := newPass(), 0
	for i := range digits {
		if label, _ := n.predict(p, &digits[i]); label == digits[i].label {
			right++
		}
	}
	return right
}

func accuracy(n *network, digits []digit) float64 {
	return float64(correct(n, digits)) / float64(len(digits))
}
