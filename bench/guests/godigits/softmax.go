package main

import "math"

// softmax turns scores into probabilities.
func softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var powers [outputs]float64
	sum := 0.0
	for i, v := range x {
		powers[i] = exp(float64(v) - float64(top))
		sum += powers[i]
	}
	for i := range x {
		x[i] = float32(powers[i] / sum)
	}
}

// exp returns e^x for x ≤ 0 with an error below 1e-10. math.Exp is assembly on some machines and gives other last bits
// there; this is the same everywhere.
func exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*math.Ln2)
	sum := 1.0
	for n := 10.0; n >= 1; n-- {
		sum = 1 + float64(float64(r*sum)/n)
	}
	return sum * math.Float64frombits(uint64(1023+int64(k))<<52)
}
