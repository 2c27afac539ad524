package worker

// otherEscapes are those that only one processor has.
func otherEscapes() map[string]escape { return nil }
