package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"bulkhead/abi"
	"bulkhead/host/strictjson"
)

// A SelfTest is one question to a plugin and what it must answer.
type SelfTest struct {
	Tool   string // name in the descriptor; "" for other roles
	Input  []byte // a tool's arguments, the request of an auth or policy plugin, or a model's input: one example or several
	Expect []byte // nil: the plugin must merely answer

	outputs   []abi.Tensor // of a model
	tolerance float64
	raw       bool
}

// newSelfTest checks the files as far as the descriptor says what they must be.
func newSelfTest(c *Contents, spec SelfTestSpec, files map[string][]byte) (SelfTest, error) {
	t := SelfTest{Tool: spec.Tool, Input: files[spec.question()], tolerance: spec.Tolerance, outputs: c.Descriptor.Outputs}
	if spec.answer() != "" {
		t.Expect = files[spec.answer()]
	}
	if c.Descriptor.Role == abi.RoleModel {
		t.raw = true
		return t, t.checkTensors(&c.Descriptor)
	}
	for i, tool := range c.Descriptor.Tools {
		if tool.Name == spec.Tool {
			if err := c.Schemas[i].Input.Validate(t.Input); err != nil {
				return SelfTest{}, fmt.Errorf("%s: %w", spec.Arguments, err)
			}
		}
	}
	if err := strictjson.Check(t.Input); err != nil {
		return SelfTest{}, fmt.Errorf("%s: %w", spec.question(), err)
	}
	if t.Expect == nil {
		return t, nil
	}
	if _, err := strictjson.Canonical(t.Expect); err != nil {
		return SelfTest{}, fmt.Errorf("%s: %w", spec.answer(), err)
	}
	return t, nil
}

// checkTensors takes whole examples, as many as a request may hold, and as many answers.
func (t SelfTest) checkTensors(d *Descriptor) error {
	in, out := d.Sizes()
	n := len(t.Input) / in
	if n < 1 || n > d.Examples() || n*in != len(t.Input) {
		return fmt.Errorf("the input has %d bytes, want %s", len(t.Input), examples(in, d.Examples()))
	}
	if t.Expect != nil && len(t.Expect) != n*out {
		return fmt.Errorf("the output has %d bytes, want %d", len(t.Expect), n*out)
	}
	return nil
}

func examples(size, most int) string {
	if most == 1 {
		return fmt.Sprint(size)
	}
	return fmt.Sprintf("%d for each of 1 to %d examples", size, most)
}

// Check compares an answer with what is expected: JSON by its RFC 8785 form, tensors byte by byte or, with a tolerance,
// element by element.
func (t SelfTest) Check(answer []byte) error {
	switch {
	case t.Expect == nil:
		return nil
	case t.raw:
		return t.checkOutput(answer)
	}
	want, err := strictjson.Canonical(t.Expect)
	if err != nil {
		return fmt.Errorf("reading the expected answer: %w", err)
	}
	got, err := strictjson.Canonical(answer)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the answer is %.300q, want %.300q", got, want)
	}
	return nil
}

func (t SelfTest) checkOutput(answer []byte) error {
	if len(answer) != len(t.Expect) {
		return fmt.Errorf("the answer has %d bytes, want %d", len(answer), len(t.Expect))
	}
	if t.tolerance == 0 {
		if !bytes.Equal(answer, t.Expect) {
			return errors.New("the answer is not the one expected")
		}
		return nil
	}
	one := size(t.outputs)
	for at := 0; at < len(answer); at += one {
		if err := t.compareExample(answer[at:at+one], t.Expect[at:at+one]); err != nil {
			if len(answer) > one {
				return fmt.Errorf("example %d: %w", at/one+1, err)
			}
			return err
		}
	}
	return nil
}

// compareExample compares the outputs of one example.
func (t SelfTest) compareExample(got, want []byte) error {
	at := 0
	for _, tensor := range t.outputs {
		n, _ := tensor.Bytes() // the descriptor was validated, and the length of what is expected
		if err := t.compare(tensor, got[at:at+n], want[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	return nil
}

func (t SelfTest) compare(tensor abi.Tensor, got, want []byte) error {
	step, element := 4, func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }
	if tensor.Type == "f64" {
		step, element = 8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
	}
	for i := 0; i+step <= len(got); i += step {
		g, w := element(got[i:]), element(want[i:])
		// Written so that a NaN on either side is a difference.
		if !(math.Abs(g-w) <= t.tolerance) && g != w {
			return fmt.Errorf("element %d of output %s is %v, want %v within %v", i/step, tensor.Name, g, w, t.tolerance)
		}
	}
	return nil
}
