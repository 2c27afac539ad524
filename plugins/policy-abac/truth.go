package main

// truth is what a condition comes to. The smaller wins where several must hold, so that min is their conjunction.
type truth uint8

const (
	no      truth = iota
	unknown       // can't be judged: an allowing rule then doesn't apply, a denying one does
	yes
)

func truthOf(holds bool) truth {
	if holds {
		return yes
	}
	return no
}
