package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"bulkhead/runtimes"
)

// A plugin is what the host needs of a program to run its workers.
type plugin struct {
	name    string
	grants  grants
	host    runtimes.Host
	infer   runtimes.Inferrer // the host, if it is one
	limits  runtimes.Limits
	require []string              // layers
	told    func(runtimes.Status) // of quarantines; may be nil
	cache   runtimes.Cache
	key     string // in the cache

	image, code int // sealed memory with the program, and with compiled code
}

// prepare writes down what a worker must know of p, and fetches code that an earlier host kept.
func (b *Backend) prepare(p runtimes.Program) (*plugin, error) {
	q := &plugin{name: p.Name, grants: p.Grants, host: p.Host, limits: p.Limits, require: b.require, told: p.Quarantined, cache: p.Cache, image: -1, code: -1}
	q.infer, _ = p.Host.(runtimes.Inferrer)
	var code []byte
	var err error
	if q.cache != nil {
		if q.key, err = b.key(p); err != nil {
			return nil, err
		}
		code = q.cache.Get(q.key)
	}
	if q.image, err = makeProgram(p); err == nil {
		q.code, err = makeSealed("bulkhead-code", code)
	}
	if err != nil {
		q.close()
		return nil, err
	}
	return q, nil
}

// keepCode hands code that a worker compiled to the next ones. No worker is being started.
func (p *plugin) keepCode(code []byte) error {
	fd, err := makeSealed("bulkhead-code", code)
	if err != nil {
		return err
	}
	unix.Close(p.code)
	p.code = fd
	return nil
}

// saveCode hands code with which a worker has started to the workers of later hosts.
func (p *plugin) saveCode(code []byte) {
	if p.cache != nil {
		p.cache.Put(p.key, code)
	}
}

// insist refuses a sandbox without a layer that the operator wants.
func (p *plugin) insist(l []Layer) error {
	for _, name := range p.require {
		for _, layer := range l {
			if layer.Name == name && !layer.Present {
				return fmt.Errorf("layer %q is missing", name)
			}
		}
	}
	return nil
}

func (p *plugin) close() error { return errors.Join(unix.Close(p.image), unix.Close(p.code)) }
