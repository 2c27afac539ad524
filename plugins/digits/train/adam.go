package main

import "math"

// adam is AdamW (Loshchilov and Hutter, 2019) with the usual constants.
type adam struct {
	mean, square []float32
}

func newAdam(size int) *adam {
	return &adam{mean: make([]float32, size), square: make([]float32, size)}
}

// step moves params against grad; t counts the steps from 1.
func (a *adam) step(params, grad []float32, rate float32, t int) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	fix1 := float32(1 / (1 - math.Pow(beta1, float64(t))))
	fix2 := float32(1 / (1 - math.Pow(beta2, float64(t))))
	for i, g := range grad {
		a.mean[i] = beta1*a.mean[i] + (1-beta1)*g
		a.square[i] = beta2*a.square[i] + (1-beta2)*g*g
		root := float32(math.Sqrt(float64(a.square[i] * fix2)))
		params[i] -= rate * (a.mean[i]*fix1/(root+epsilon) + decay*params[i])
	}
}
