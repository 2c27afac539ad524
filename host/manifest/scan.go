package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Bounds on what a scan follows and the TOML library then parses: the library nests calls without a limit of its own.
const (
	maxDepth = 24    // steps of a path, and nesting of a value
	maxKeys  = 10000 // keys and tables of a file
)

// errAmbiguous is a text that scan does not follow. Either it is no TOML, or nobody should have to know that it is.
var errAmbiguous = errors.New("cannot be read without doubt")

// errBounds is a text that is not even given to the library.
var errBounds = errors.New("over the limit")

// A scanner reads the structure of a TOML text: which keys stand where, and who opened which table. Values are only
// passed over. The library is the judge of syntax; that both see the same keys in the same order is checked later.
type scanner struct {
	text  string
	pos   int
	row   int // of pos, from 1
	out   *outline
	table *node   // of the last header
	at    keyPath // its path
}

// scan returns the outline of text. With an error the outline ends where the error was.
func scan(text string) (*outline, error) {
	root := &node{kind: byHeader}
	s := &scanner{text: text, row: 1, out: &outline{root: root}, table: root}
	for {
		s.blank()
		if s.pos == len(s.text) {
			return s.out, nil
		}
		if err := s.statement(); err != nil {
			return s.out, fmt.Errorf("line %d: %w", s.row, err)
		}
	}
}

func (s *scanner) statement() error {
	var err error
	if s.peek() == '[' {
		err = s.header()
	} else {
		err = s.pair(s.table, s.at)
	}
	if err != nil {
		return err
	}
	s.skip(" \t\r")
	if c := s.peek(); c != 0 && c != '\n' && c != '#' {
		return errAmbiguous
	}
	return nil
}

// header reads [a.b] or [[a.b]].
func (s *scanner) header() error {
	row, brackets := s.row, 1
	if strings.HasPrefix(s.text[s.pos:], "[[") {
		brackets = 2
	}
	s.pos += brackets
	at, err := s.path()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(s.text[s.pos:], "]]"[:brackets]) {
		return errAmbiguous
	}
	s.pos += brackets
	s.at = at
	s.table = s.out.openTable(at, brackets == 2, row)
	return s.record(at)
}

// pair reads a.b = value in the table at, whose path is prefix.
func (s *scanner) pair(table *node, prefix keyPath) error {
	row := s.row
	keys, err := s.path()
	if err != nil {
		return err
	}
	if s.peek() != '=' {
		return errAmbiguous
	}
	s.pos++
	at := prefix.add(keys...)
	if err := s.record(at); err != nil {
		return err
	}
	return s.value(s.out.openKey(table, prefix, keys, row), at, 1)
}

func (s *scanner) record(at keyPath) error {
	if len(at) > maxDepth {
		return fmt.Errorf("%w: keys of more than %d parts", errBounds, maxDepth)
	}
	if len(s.out.keys) >= maxKeys {
		return fmt.Errorf("%w: more than %d keys", errBounds, maxKeys)
	}
	s.out.keys = append(s.out.keys, at)
	return nil
}

// path reads the parts of a dotted key and the spaces behind them.
func (s *scanner) path() (keyPath, error) {
	var p keyPath
	for {
		s.skip(" \t")
		part, err := s.part()
		if err != nil {
			return nil, err
		}
		if p = append(p, part); len(p) > maxDepth {
			return nil, fmt.Errorf("%w: keys of more than %d parts", errBounds, maxDepth)
		}
		s.skip(" \t")
		if s.peek() != '.' {
			return p, nil
		}
		s.pos++
	}
}

// part reads one part of a key. Escapes are refused: a key is to be seen as it is.
func (s *scanner) part() (string, error) {
	start := s.pos
	if q := s.peek(); q == '"' || q == '\'' {
		end := strings.IndexAny(s.text[start+1:], string(q)+"\\\n")
		if end < 0 || s.text[start+1+end] != q {
			return "", errAmbiguous
		}
		s.pos = start + 1 + end + 1
		return s.text[start+1 : start+1+end], nil
	}
	for s.pos < len(s.text) && isBare(s.text[s.pos]) {
		s.pos++
	}
	if s.pos == start {
		return "", errAmbiguous
	}
	return s.text[start:s.pos], nil
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// skip passes over the bytes of set.
func (s *scanner) skip(set string) {
	for s.pos < len(s.text) && strings.IndexByte(set, s.text[s.pos]) >= 0 {
		if s.text[s.pos] == '\n' {
			s.row++
		}
		s.pos++
	}
}

// blank passes over spaces, newlines and comments.
func (s *scanner) blank() {
	for s.skip(" \t\r\n"); s.peek() == '#'; s.skip(" \t\r\n") {
		if i := strings.IndexByte(s.text[s.pos:], '\n'); i >= 0 {
			s.pos += i
		} else {
			s.pos = len(s.text)
		}
	}
}

// sameKeys reports whether the library saw the same keys and tables in the same order.
func sameKeys(mine []keyPath, library []toml.Key) bool {
	return slices.EqualFunc(mine, library, func(a keyPath, b toml.Key) bool { return slices.Equal(a, keyPath(b)) })
}
