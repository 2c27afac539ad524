package main

import (
	"math"
	"math/rand/v2"
	"sync"
)

const (
	batch     = 64
	shards    = 4 // a fixed number, added up in order: the sum must not depend on the number of cores
	firstRate = 1e-3
	decay     = 0.02
)

// train runs epochs passes over the digits, each digit shifted anew by up to one pixel, with AdamW and a rate that falls
// as a cosine to zero. report is told the mean loss of every pass.
func train(n *network, digits []digit, epochs int, seed uint64, report func(epoch int, loss float64)) {
	r := rand.New(rand.NewPCG(seed, 3))
	t := newTrainer(n, seed)
	order := r.Perm(len(digits))
	steps := epochs * ((len(digits) + batch - 1) / batch)
	step := 0
	for epoch := 1; epoch <= epochs; epoch++ {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss := 0.0
		for from := 0; from < len(order); from += batch {
			loss += t.gradient(draw(digits, order[from:min(from+batch, len(order))], r))
			rate := firstRate / 2 * (1 + math.Cos(math.Pi*float64(step)/float64(steps)))
			step++
			t.optimizer.step(n.params, t.shards[0].grad.params, float32(rate), step)
		}
		report(epoch, loss/float64(len(digits)))
	}
}

// A sample is a digit as the network sees it once.
type sample struct {
	pixels [pixels]float32
	label  byte
}

// draw shifts each chosen digit by -1, 0 or 1 pixel both ways.
func draw(digits []digit, chosen []int, r *rand.Rand) []sample {
	out := make([]sample, len(chosen))
	for i, c := range chosen {
		out[i] = shifted(&digits[c], r.IntN(3)-1, r.IntN(3)-1)
	}
	return out
}

func shifted(d *digit, dx, dy int) sample {
	s := sample{label: d.label}
	for y := range side {
		for x := range side {
			if fromX, fromY := x-dx, y-dy; fromX >= 0 && fromX < side && fromY >= 0 && fromY < side {
				s.pixels[y*side+x] = float32(d.pixels[fromY*side+fromX]) / 255
			}
		}
	}
	return s
}

// A shard works on its part of a batch.
type shard struct {
	grad *network
	pass *pass
	loss float64
}

type trainer struct {
	network   *network
	shards    []shard
	optimizer *adam
}

func newTrainer(n *network, seed uint64) *trainer {
	t := &trainer{network: n, optimizer: newAdam(len(n.params))}
	for i := range shards {
		s := shard{grad: emptyNetwork(), pass: newPass()}
		s.pass.drop = rand.New(rand.NewPCG(seed, uint64(4+i)))
		t.shards = append(t.shards, s)
	}
	return t
}

// gradient leaves the mean gradient over the samples in the first shard and returns the sum of their losses.
func (t *trainer) gradient(samples []sample) (loss float64) {
	var wait sync.WaitGroup
	for i := range t.shards {
		wait.Go(func() {
			t.shards[i].run(t.network, samples[i*len(samples)/shards:(i+1)*len(samples)/shards])
		})
	}
	wait.Wait()
	sum := t.shards[0].grad.params
	for i, s := range t.shards {
		loss += s.loss
		if i > 0 {
			addScaled(sum, s.grad.params, 1)
		}
	}
	for i := range sum {
		sum[i] /= float32(len(samples))
	}
	return loss
}

func (s *shard) run(n *network, samples []sample) {
	clear(s.grad.params)
	s.loss = 0
	for i := range samples {
		copy(s.pass.values[0], samples[i].pixels[:])
		n.forward(s.pass)
		s.loss -= math.Log(max(float64(s.pass.values[len(n.layers)][samples[i].label]), 1e-12))
		n.backward(s.pass, s.grad, samples[i].label)
	}
}
