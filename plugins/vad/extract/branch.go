package main

import (
	"errors"
	"fmt"
	"slices"
)

const sampleRate = 16000

// A branch is the part of the model for one sample rate: its named weights.
type branch map[string]*tensor

// readBranch finds the branch that the model takes at 16 kHz: the then_branch of its only If, whose condition must be
// Equal(sr, 16000).
func readBranch(file []byte) (branch, error) {
	nodes, err := readModel(file)
	if err != nil {
		return nil, err
	}
	choice, err := only(nodes, "If", func(*node) bool { return true })
	if err != nil {
		return nil, err
	}
	if err := checkCondition(nodes, choice); err != nil {
		return nil, err
	}
	then := choice.attribute("then_branch")
	if then == nil || then.graph == nil {
		return nil, errors.New("the If on the sample rate has no then_branch")
	}
	inner, err := readGraph(then.graph)
	if err != nil {
		return nil, err
	}
	return constants(inner)
}

// only returns the one node of that kind.
func only(nodes []node, op string, is func(*node) bool) (*node, error) {
	var found *node
	for i := range nodes {
		if n := &nodes[i]; n.op == op && is(n) {
			if found != nil {
				return nil, fmt.Errorf("the graph has more than one %s where one is expected", op)
			}
			found = n
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the graph has no %s where one is expected", op)
	}
	return found, nil
}

func checkCondition(nodes []node, choice *node) error {
	if len(choice.in) != 1 {
		return errors.New("the If has no condition")
	}
	equal, err := only(nodes, "Equal", func(n *node) bool { return slices.Contains(n.out, choice.in[0]) })
	if err != nil {
		return err
	}
	if len(equal.in) != 2 || equal.in[0] != "sr" {
		return errors.New("the If is not about the input sr")
	}
	constant, err := only(nodes, "Constant", func(n *node) bool { return slices.Contains(n.out, equal.in[1]) })
	if err != nil {
		return err
	}
	t, err := valueOf(constant)
	if err != nil {
		return err
	}
	if rate, err := t.integer(); err != nil || rate != sampleRate {
		return fmt.Errorf("the If asks for the sample rate %d, want %d", rate, sampleRate)
	}
	return nil
}

func valueOf(constant *node) (tensor, error) {
	value := constant.attribute("value")
	if value == nil || value.tensor == nil {
		return tensor{}, errors.New("a Constant has no value")
	}
	return readTensor(value.tensor)
}

// constants returns the named tensors among the Constants of a graph.
func constants(nodes []node) (branch, error) {
	b := branch{}
	for i := range nodes {
		if nodes[i].op != "Constant" {
			continue
		}
		t, err := valueOf(&nodes[i])
		if err != nil {
			return nil, err
		}
		if t.name == "" {
			continue
		}
		if b[t.name] != nil {
			return nil, fmt.Errorf("there are two tensors %.80q", t.name)
		}
		b[t.name] = &t
	}
	return b, nil
}

// floats returns the numbers of the tensor with that name and shape.
func (b branch) floats(name string, shape ...int64) ([]float32, error) {
	t := b[name]
	if t == nil {
		return nil, fmt.Errorf("the 16 kHz branch has no tensor %s", name)
	}
	return t.floats(shape...)
}
