package bundle

import (
	"fmt"
	"strings"
)

// Refused says why a bundle may not load: its signature, its publisher, its files or its descriptor. Exit code 3.
type Refused struct {
	Path   string
	Reason string
	Hint   string
}

// Error has a second line with the hint, if there is one.
func (e *Refused) Error() string {
	text := fmt.Sprintf("refusing bundle %s: %s", e.Path, e.Reason)
	if e.Hint != "" {
		text += "\nhint: " + e.Hint
	}
	return text
}

// Invalid lists everything that is wrong with an author's plugin.toml. Exit code 2.
type Invalid struct {
	Path     string
	Problems []string
}

// Error has a line for each problem.
func (e *Invalid) Error() string {
	return fmt.Sprintf("%s:\n  %s", e.Path, strings.Join(e.Problems, "\n  "))
}
