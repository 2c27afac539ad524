package guest

import "bulkhead/abi"

// scratchSize holds a signature, evidence, or the scores of a classifier; a longer answer is the Host's to allocate.
const scratchSize = 4 << 10

// audit(ptr, len) records one JSON object.
func (c *call) audit(p []uint64) (int, error) {
	in, err := c.window(p[0], p[1])
	if err != nil {
		return 0, err
	}
	if len(in) > abi.MaxAuditObject {
		return 0, abi.ErrLimit
	}
	if err := c.charge(len(in)); err != nil {
		return 0, err
	}
	_, err = c.ask(abi.Audit, 0, nil, in)
	return 0, err
}

// sign(key, ptr, len, out, cap) signs a message with the key of a slot.
func (c *call) sign(p []uint64) (int, error) {
	return c.exchange(abi.Sign, uint32(p[0]), p[1:5], 0, abi.MaxSignInput, abi.ErrLimit)
}

// attest(nonce, len, out, cap) asks for evidence over a nonce.
func (c *call) attest(p []uint64) (int, error) {
	return c.exchange(abi.Attest, 0, p[0:4], abi.MinNonce, abi.MaxNonce, abi.ErrInvalid)
}

// infer(model, ptr, len, out, cap) asks the model of a slot.
func (c *call) infer(p []uint64) (int, error) {
	return c.exchange(abi.Infer, uint32(p[0]), p[1:5], 0, abi.MaxRequest, abi.ErrLimit)
}

// exchange gives the Host an input of least to most bytes and the guest its answer, or as much of it as fits. p is the
// input's pointer and length, the output's pointer and capacity. The Host answers into memory of ours, but for models: a
// refusal leaves nothing in the guest's, whatever the Host had written by then, and input and output may overlap.
func (c *call) exchange(capability abi.Capability, slot uint32, p []uint64, least, most int, size abi.Errno) (int, error) {
	in, err := c.window(p[0], p[1])
	if err != nil {
		return 0, err
	}
	out, err := c.window(p[2], p[3])
	if err != nil {
		return 0, err
	}
	if len(in) < least || len(in) > most {
		return 0, size
	}
	if err := c.charge(len(in)); err != nil {
		return 0, err
	}
	answer, err := c.ask(capability, slot, c.place(capability, out), in)
	if err != nil {
		return 0, err
	}
	if len(answer) > abi.MaxAnswer {
		return 0, abi.ErrLimit
	}
	c.show(out, answer)
	return len(answer), c.charge(min(len(out), len(answer)))
}

// place is where the Host puts an answer. Models answer straight into the guest's memory, if the Host knows how.
func (c *call) place(capability abi.Capability, out []byte) []byte {
	if capability == abi.Infer && c.module.inferrer != nil {
		return out[:0]
	}
	if c.scratch == nil {
		c.scratch = make([]byte, 0, scratchSize)
	}
	return c.scratch
}

// show gives the guest as much of an answer as fits, unless that is there already, and keeps the rest.
func (c *call) show(out, answer []byte) {
	if len(answer) == 0 || len(out) > 0 && &out[0] == &answer[0] {
		return
	}
	if copy(out, answer) == len(answer) {
		return
	}
	c.kept = answer
	if cap(c.scratch) > 0 && &answer[0] == &c.scratch[:1][0] { // what was kept before lies in spare, if it is ours
		c.scratch, c.spare = c.spare, c.scratch
	}
}

// read(slot, offset, out, cap) copies from an asset and returns the bytes from offset to its end.
func (c *call) read(p []uint64) (int, error) {
	out, err := c.window(p[2], p[3])
	if err != nil {
		return 0, err
	}
	assets := c.module.program.Assets
	if slot := uint32(p[0]); uint64(slot) < uint64(len(assets)) {
		return c.rest(out, assets[slot], uint32(p[1]))
	}
	return 0, abi.ErrNotFound
}

// result(offset, out, cap) copies from the kept answer and returns the bytes from offset to its end.
func (c *call) result(p []uint64) (int, error) {
	out, err := c.window(p[1], p[2])
	if err != nil {
		return 0, err
	}
	if c.kept == nil {
		return 0, abi.ErrNotFound
	}
	return c.rest(out, c.kept, uint32(p[0]))
}

// rest copies what fits of b from offset on, and returns how many bytes there are from there.
func (c *call) rest(out, b []byte, offset uint32) (int, error) {
	if uint64(offset) >= uint64(len(b)) {
		return 0, nil
	}
	b = b[offset:]
	if err := c.charge(min(len(out), len(b))); err != nil {
		return 0, err
	}
	copy(out, b)
	return len(b), nil
}
