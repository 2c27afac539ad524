package audit

import (
	"errors"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"bulkhead/host/audit/tree"
)

// checkPruned holds the tiles before an entry, of which nothing else is left, against each other, from the root down. The
// right edge has been held against a signed root. Missing tiles are counted, and what is below them is not looked at.
func (f *folder) checkPruned(start uint64) (missing uint64, wrong *Problem) {
	edge, err := tree.Restore(start, f.tile)
	if err != nil {
		return 0, problem(ClassMistiled, 0, "%v", err)
	}
	top := 0
	for start>>(tree.Height*(top+1)) != 0 {
		top++
	}
	for level := top - 1; level >= 0; level-- {
		above := parent{folder: f, edge: edge, level: level + 1, size: start >> (tree.Height * (level + 1))}
		for n := range above.size {
			m, p := above.child(n)
			if p != nil {
				return missing, p
			}
			missing += m
		}
	}
	return missing, nil
}

// A parent knows the hashes of one level, which are the roots of the tiles below.
type parent struct {
	folder *folder
	edge   *tree.Tree
	level  int
	size   uint64 // hashes
	number uint64 // of the tile in data
	data   []byte // nil: none yet, or missing
	loaded bool
}

// child checks the tile below that hash n is the root of.
func (p *parent) child(n uint64) (missing uint64, wrong *Problem) {
	if t := n / tree.Width; !p.loaded || p.number != t {
		p.load(t)
	}
	t := tree.Tile{L: p.level - 1, N: n, W: tree.Width}
	data, err := p.folder.tile(t)
	if errors.Is(err, fs.ErrNotExist) {
		return 1, nil
	}
	at := int(n%tree.Width) * tlog.HashSize
	if err == nil && p.data != nil && tree.Root(data) != tlog.Hash(p.data[at:at+tlog.HashSize]) {
		err = errors.New(t.Path() + " does not have the root that the tile above says")
	}
	if err != nil {
		return 0, problem(ClassMistiled, n<<(tree.Height*p.level), "%v", err)
	}
	return 0, nil
}

// load reads the tile with the hashes from number*Width on. The last one is not full, and known from the edge.
func (p *parent) load(number uint64) {
	p.number, p.loaded, p.data = number, true, nil
	if (number+1)*tree.Width > p.size {
		p.data = p.edge.Partial(p.level, int(p.size-number*tree.Width))
		return
	}
	if data, err := p.folder.tile(tree.Tile{L: p.level, N: number, W: tree.Width}); err == nil {
		p.data = data
	}
}
