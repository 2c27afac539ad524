package worker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// knownRights are all that the running kernel can deny. It is asked, so that a new kernel needs no new host.
func knownRights() (all ruleset, err error) {
	if _, err := landlockVersion(); err != nil {
		return all, err
	}
	for _, field := range []*uint64{&all.files, &all.network, &all.scope} {
		if err := widen(&all, field); err != nil {
			return all, err
		}
	}
	if all.files == 0 {
		return all, errors.New("the kernel knows no rights of files")
	}
	return all, nil
}

// widen adds the kernel's rights to one field of a ruleset.
func widen(r *ruleset, field *uint64) error {
	for bit := range 64 {
		before := *field
		*field |= 1 << bit
		fd, err := r.create()
		switch {
		case err == nil:
			unix.Close(fd)
		case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.E2BIG):
			*field = before
			return nil
		default:
			return fmt.Errorf("asking for right %d: %w", bit, err)
		}
	}
	return nil
}
