package wasm

// A point is a place in a function where fuel is charged for what follows it.
type point struct {
	at     int // in the file: before the instruction there
	weight uint32
	parent int // a point that is always passed before this one; -1: this point stays
}

// minCharge is the least that is worth a charge of its own; less joins the point before. So a call pays at most a little
// for what it does not run, and tight code has few charges.
const minCharge = 64

// A plan says where one function is charged.
type plan struct {
	points  []point // by place
	leaves  []int   // where they stand, in order
	returns bool    // leaves the function other than at its end
}

// planner walks a body and finds the points. Control flow is structured, so that a point dominates all that follows it up
// to the end of the block in which it stands. Function entry and loop headers always are points; where paths part or meet,
// a point takes over what follows, so that nobody pays for the path not taken, unless that is too little.
type planner struct {
	plan
	open []int // by open block: the point that now pays
}

// planOf plans a body that Read accepted.
func (m *meter) planOf(b *body, c code) plan {
	p := planner{}
	var leaves leafPlanner
	p.open = append(p.open, p.add(b.code, -1))
	for len(p.open) > 0 && c.err == nil {
		var i instr
		c.next(&i)
		leaves.step(&i, len(p.open), m.file)
		p.step(&i, uint32(len(p.open)))
	}
	p.merge()
	if b.loops <= leafLoops && c.locals*b.loops <= leafPhis {
		p.leaves = leaves.found
	}
	return p.plan
}

func (p *planner) add(at, parent int) int {
	p.points = append(p.points, point{at: at, parent: parent})
	return len(p.points) - 1
}

// step charges one instruction; depth is how many blocks are open before it.
func (p *planner) step(i *instr, depth uint32) {
	top := len(p.open) - 1
	p.points[p.open[top]].weight += weight(i.op)
	switch i.op {
	case opBlock:
		p.open = append(p.open, p.open[top])
	case opLoop:
		p.open = append(p.open, p.add(i.end, -1))
	case opIf:
		p.open = append(p.open, p.add(i.end, p.open[top]))
	case opElse:
		p.open[top] = p.add(i.end, p.open[top-1])
	case opEnd:
		if p.open = p.open[:top]; top > 0 {
			p.open[top-1] = p.add(i.end, p.open[top-1])
		}
	case opBrIf:
		p.open[top] = p.add(i.end, p.open[top])
		p.returns = p.returns || i.x+1 == depth
	case opBr:
		p.returns = p.returns || i.x+1 == depth
	case opBrTable:
		p.returns = p.returns || i.mostTarget+1 == depth
	case opReturn:
		p.returns = true
	}
}

// merge gives what is too little to the point before, from the back, so that little ones add up. A point without weight
// goes.
func (p *planner) merge() {
	for i := len(p.points) - 1; i >= 0; i-- {
		if q := &p.points[i]; q.parent >= 0 && q.weight < minCharge {
			p.points[q.parent].weight += q.weight
			q.weight = 0
		}
	}
	kept := p.points[:0]
	for _, q := range p.points {
		if q.weight > 0 || q.parent < 0 {
			kept = append(kept, q)
		}
	}
	p.points = kept
}
