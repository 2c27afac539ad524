package main

import (
	"fmt"
	"math"
)

const (
	points   = 256            // samples of one Fourier transform
	bins     = points/2 + 1   // frequencies, 0 to 8 kHz
	twiddles = 3 * points / 4 // as many as a transform of radix 4 looks up
)

// spectrum returns what the guest needs for its Fourier transform: half the window, then the roots of unity as pairs
// (cosine, minus sine). The model has the transform as a convolution with 2 x 129 rows of 256 numbers. These are the
// products of window, cosine and sine, to the last bit of a 32-bit float or the one before it, and it is here that this is
// seen of every single one: so that a fast transform gives what the convolution gives.
func spectrum(b branch) ([]float32, error) {
	basis, err := b.floats("stft.forward_basis_buffer", 2*bins, 1, points)
	if err != nil {
		return nil, err
	}
	window := basis[:points] // the row of frequency 0, where the cosine is 1
	for k := range bins {
		for n := range points {
			sin, cos := math.Sincos(angle(k * n))
			w := float64(window[n])
			if !near(basis[k*points+n], w*cos) || !near(basis[(bins+k)*points+n], -w*sin) {
				return nil, fmt.Errorf("stft.forward_basis_buffer is no windowed Fourier transform at frequency %d, sample %d", k, n)
			}
		}
	}
	var out []float32
	for _, w := range window {
		out = append(out, w/2)
	}
	for j := range twiddles {
		sin, cos := math.Sincos(angle(j))
		out = append(out, float32(cos), float32(-sin))
	}
	return out, nil
}

func angle(j int) float64 { return 2 * math.Pi * float64(j%points) / points }

func near(a float32, b float64) bool { return math.Abs(float64(a)-b) < 0x1p-22 }
