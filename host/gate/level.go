package gate

import (
	"fmt"
	"slices"
)

// A Level says how much of what happens is recorded. Each has all that is below it.
type Level int

// The levels. What each records of which event, Catalogue says.
const (
	Off      Level = iota // nothing, after one last entry that says so
	Minimal               // what is mandatory, and what is needed to check a receipt
	Standard              // what an operator needs: the default
	Detailed              // everything
)

func levelNames() []string { return []string{"off", "minimal", "standard", "detailed"} }

// String is the level as the manifest writes it.
func (l Level) String() string {
	if names := levelNames(); l >= 0 && int(l) < len(names) {
		return names[l]
	}
	return fmt.Sprintf("level %d", int(l))
}

// ParseLevel reads what String writes.
func ParseLevel(s string) (Level, error) {
	if i := slices.Index(levelNames(), s); i >= 0 {
		return Level(i), nil
	}
	return Off, fmt.Errorf("%.40q is no level, want one of %q", s, levelNames())
}
