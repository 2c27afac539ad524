package main

// A layer is fully connected. The weights of one input lie together, so that an input of zero (most pixels, and what ReLU
// cut off) is not even looked at.
//
// Every product below is converted to float32 on its own: Go may otherwise fuse it with the sum on machines that can, and
// the bits of the answer would depend on the machine.
type layer struct {
	weights []float32 // len(input) rows of len(bias)
	bias    []float32
}

// run sets out to bias + weights · in, four inputs to a pass, so that out is read and written a quarter as often.
func (l *layer) run(out, in []float32) {
	copy(out, l.bias)
	var rows [4][]float32
	var values [4]float32
	n := 0
	for i, v := range in {
		if v == 0 {
			continue
		}
		rows[n], values[n] = l.weights[i*len(out):(i+1)*len(out)], v
		if n++; n == len(rows) {
			addFour(out, &rows, &values)
			n = 0
		}
	}
	for i := range n {
		addOne(out, rows[i], values[i])
	}
}

func addFour(out []float32, rows *[4][]float32, values *[4]float32) {
	a, b, c, d := values[0], values[1], values[2], values[3]
	ra, rb, rc, rd := rows[0][:len(out)], rows[1][:len(out)], rows[2][:len(out)], rows[3][:len(out)]
	for i := range out {
		out[i] = out[i] + float32(a*ra[i]) + float32(b*rb[i]) + float32(c*rc[i]) + float32(d*rd[i])
	}
}

func addOne(out, row []float32, v float32) {
	row = row[:len(out)]
	for i := range out {
		out[i] += float32(v * row[i])
	}
}

func relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}
