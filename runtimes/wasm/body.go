package wasm

import (
	"errors"
	"fmt"
)

// A body is what Read learned of one function's code.
type body struct {
	at, size int    // its bytes in the file, locals included, without the size before them
	code     int    // where its instructions start
	groups   uint32 // of locals
	locals   uint32 // beside parameters
	vectors  uint32 // how many locals, and values that instructions make, are v128
	multi    uint32 // values of calls and blocks beyond their first
	instrs   uint32
	calls    bool // calls another function
	loops    uint32
	bulk     uint32
	dynamic  bool // has an instruction whose work depends on an operand
}

// body reads the code of one function whole.
func (s *section) body() {
	index := s.imported.functions + len(s.bodies)
	if index >= len(s.functions) {
		s.fail(errors.New("more bodies than functions"))
		return
	}
	size := s.u32()
	if size > MaxBody {
		s.tooMany(uint64(size), "bytes of a function", MaxBody)
	}
	c := code{Outline: s.Outline, reader: s.part(size), labels: 1}
	b := body{at: c.at, size: int(size)}
	c.localsOf(&b, uint32(len(s.typeOf(uint32(index)).Params)))
	b.code = c.at
	var i instr
	for c.labels > 0 && c.err == nil {
		c.next(&i)
		c.note(&b, &i)
	}
	c.done()
	c.complexity(&b)
	if c.err != nil {
		s.err = fmt.Errorf("function %d, %w", index, c.err)
		s.end = s.at
		return
	}
	s.bodies = append(s.bodies, b)
}

// complexity refuses what takes a compiler too long although no single number is large.
func (c *code) complexity(b *body) {
	if c.err != nil {
		return
	}
	if phis := uint64(c.locals) * uint64(c.blocks); phis > MaxPhis {
		c.tooMany(phis, "locals times blocks of a function", MaxPhis)
	}
	if phis := c.loopPhis(b); phis > MaxLoopPhis {
		c.tooMany(phis, "locals times loops of a function", MaxLoopPhis)
	}
	if b.bulk > MaxBulk {
		c.tooMany(uint64(b.bulk), "bulk instructions of a function", MaxBulk)
	}
	if b.loops > MaxLoops {
		c.tooMany(uint64(b.loops), "loops of a function", MaxLoops)
	}
	c.add(b)
}

func (c *code) loopPhis(b *body) uint64 { return (uint64(c.locals) + LoopLocals) * uint64(b.loops) }

// add refuses what takes a compiler too long although no single function does.
func (c *code) add(b *body) {
	s := &c.sums
	for _, part := range []struct {
		sum     *uint64
		n, most uint64
		what    string
	}{
		{&s.locals, uint64(b.locals), MaxAllLocals, "locals of all functions"},
		{&s.phis, uint64(c.locals) * uint64(c.blocks), MaxAllPhis, "locals times blocks of all functions"},
		{&s.loopPhis, c.loopPhis(b), MaxAllLoopPhis, "locals times loops of all functions"},
		{&s.targets, uint64(c.refs), MaxAllTargets, "targets of br_table in all functions"},
		{&s.bulk, uint64(b.bulk), MaxAllBulk, "bulk instructions of all functions"},
		{&s.multi, uint64(b.multi), MaxMulti, "values of calls and blocks beyond their first"},
	} {
		if *part.sum += part.n; *part.sum > part.most {
			c.tooMany(*part.sum, part.what, part.most)
		}
	}
}

// localsOf reads the groups of locals: 30 bytes can ask an engine for 2^32 of them.
func (c *code) localsOf(b *body, params uint32) {
	b.groups = c.count("groups of locals", MaxLocals)
	sum := uint64(params)
	for n := b.groups; n > 0 && c.err == nil; n-- {
		count := c.u32()
		if sum += uint64(count); sum > MaxLocals {
			c.tooMany(sum, "locals", MaxLocals)
		}
		if c.valueType() == V128 {
			b.vectors += count
		}
	}
	c.locals = uint32(sum)
	b.locals = c.locals - params
}

// makes counts the values of one instruction.
func (c *code) makes(b *body, values []ValueType) {
	if n := len(values); n > 1 {
		b.multi += uint32(n - 1)
	}
	for _, v := range values {
		if v == V128 {
			b.vectors++
		}
	}
}

// note counts an instruction.
func (c *code) note(b *body, i *instr) {
	b.instrs++
	switch i.op {
	case opBlock, opIf:
		c.makes(b, i.multi)
	case opLoop:
		b.loops++
		c.makes(b, i.multi)
	case opCall:
		b.calls = true
		if c.err == nil {
			c.makes(b, c.typeOf(i.x).Results)
		}
	case opCallIndirect:
		b.calls = true
		if c.err == nil {
			c.makes(b, c.types[i.x].Results)
		}
	case opGlobalGet:
		if c.err == nil {
			c.makes(b, []ValueType{c.globals[i.x].value})
		}
	case opMemoryGrow, opMemoryCopy, opMemoryFill:
		b.dynamic = true
	case opMemoryInit:
		b.dynamic = true
		b.bulk++
	case opTableInit, opTableCopy, opTableGrow, opTableFill:
		b.dynamic, c.unfit = true, true
		b.bulk++
	case opTableSet, opDataDrop, opElemDrop:
		c.unfit = true
	case opRefFunc: // wazero makes an object of each, which lives as long as the instance
		c.unfit = true
	default:
		if i.op >= opVector<<8 {
			b.vectors++
		}
	}
}
