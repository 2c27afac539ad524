package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
)

// synthetic returns random digits: noise with a bright bar whose place is the label.
func synthetic(count int) []digit {
	r := rand.New(rand.NewPCG(7, 7))
	ds := make([]digit, count)
	for i := range ds {
		ds[i].label = byte(r.IntN(classes))
		for j := range ds[i].pixels {
			ds[i].pixels[j] = byte(r.IntN(64))
			if j/side/2 == int(ds[i].label)+2 {
				ds[i].pixels[j] += 180
			}
		}
	}
	return ds
}

// The gradient is that of the loss: small steps along single parameters change the loss as it says.
func TestGradient(t *testing.T) {
	n, grad, p := newNetwork(1), emptyNetwork(), newPass()
	d := synthetic(1)[0]
	loss := func() float64 {
		s := shifted(&d, 1, -1)
		copy(p.values[0], s.pixels[:])
		p.drop = rand.New(rand.NewPCG(3, 3)) // the same values are dropped every time
		n.forward(p)
		return -math.Log(float64(p.values[len(n.layers)][d.label]))
	}
	loss()
	n.backward(p, grad, d.label)
	r, moved := rand.New(rand.NewPCG(5, 5)), 0
	for range 400 {
		i := r.IntN(len(n.params))
		const step = 1e-2
		before := n.params[i]
		n.params[i] = before + step
		up := loss()
		n.params[i] = before - step
		down := loss()
		n.params[i] = before
		got, want := float64(grad.params[i]), (up-down)/(2*step)
		if math.Abs(got-want) > 2e-3+0.05*math.Abs(want) {
			t.Errorf("parameter %d: gradient %v, measured %v", i, got, want)
		}
		if math.Abs(want) > 1e-3 {
			moved++
		}
	}
	if moved < 20 {
		t.Errorf("only %d of the parameters move the loss", moved)
	}
}

// The same digits and seed give the same weights, and they learn.
func TestTrain(t *testing.T) {
	run := func() (*network, float64) {
		n, last := newNetwork(1), 0.0
		train(n, synthetic(300), 4, 1, func(_ int, loss float64) { last = loss })
		return n, last
	}
	first, loss := run()
	second, _ := run()
	if !bytes.Equal(first.encode(), second.encode()) {
		t.Error("two trainings gave different weights")
	}
	if a := accuracy(first, synthetic(300)); a < 0.9 {
		t.Errorf("accuracy %v on what it was trained on, loss %v", a, loss)
	}
}

func TestShifted(t *testing.T) {
	var d digit
	d.pixels[5*side+6] = 255
	d.pixels[side-1] = 255
	s := shifted(&d, 1, -1)
	for i, v := range s.pixels {
		if want := i == 4*side+7; (v == 1) != want || v != 0 && !want {
			t.Errorf("pixel %d is %v", i, v)
		}
	}
}

func TestSplit(t *testing.T) {
	digits := synthetic(held + 500)
	training, heldOut, err := split(digits, 1)
	if err != nil || len(training) != 500 || len(heldOut) != held {
		t.Fatalf("got %d and %d digits, %v", len(training), len(heldOut), err)
	}
	seen := map[[pixels]byte]bool{}
	for _, d := range training {
		seen[d.pixels] = true
	}
	for _, d := range heldOut {
		if seen[d.pixels] {
			t.Fatal("a digit is both trained on and held out")
		}
	}
	if _, _, err := split(digits[:held], 1); err == nil {
		t.Error("nothing is left to train on, and no error")
	}
}
