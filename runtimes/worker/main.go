package worker

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"bulkhead/runtimes"
)

// name is what a worker is called: its argument zero, by which Main knows it.
const name = "bulkhead-worker"

// Main runs a worker, if this process was started as one, and does not return then. Otherwise it returns at once. It MUST
// be the first line of main in every program whose executable is a Config's, and so of TestMain. engines are those that a
// worker can have, by name.
func Main(engines map[string]Engine) {
	if len(os.Args) == 0 || os.Args[0] != name {
		return
	}
	quit(run(os.Args[1:], engines))
}

// An Engine makes the backend of a worker, before its sandbox stands. pagemap is /proc/self/pagemap, open for reading; -1 if
// there is none. A program with cgo can open nothing any more: what is not yet a file, such as memory, it can still make.
type Engine func(pagemap int) runtimes.Backend

// quit ends this process.
func quit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// arguments are what the host tells a worker on its command line. The plugin's name is for people who list processes.
type arguments struct {
	backend  string
	data     uint64 // memory while loading
	ownUsers bool   // it has a user namespace of its own
	plugin   string
}

func (a arguments) list() []string {
	return []string{name, a.backend, strconv.FormatUint(a.data, 10), strconv.FormatBool(a.ownUsers), a.plugin}
}

func parseArguments(list []string) (a arguments, err error) {
	if len(list) != 4 {
		return a, fmt.Errorf("%s is started by a host, with other arguments", name)
	}
	a.backend, a.plugin = list[0], list[3]
	if a.data, err = strconv.ParseUint(list[1], 10, 64); err != nil {
		return a, err
	}
	a.ownUsers, err = strconv.ParseBool(list[2])
	return a, err
}

// run is a worker's life. What it maps before the sandbox stands it reads only afterwards.
func run(list []string, engines map[string]Engine) error {
	a, err := parseArguments(list)
	if err != nil {
		return err
	}
	open, ok := engines[a.backend]
	if !ok {
		return fmt.Errorf("this program has no backend %q", a.backend)
	}
	if err := dieWithHost(fdLife); err != nil {
		return err
	}
	pagemap, missing := begin()
	c := &child{settle: settle, quit: quit}
	if err := c.connect(); err != nil {
		return err
	}
	closeGifts()
	backend := open(pagemap)
	landlock, _ := landlockVersion() // the filter refuses to tell
	layers, lacking := lockdown(a.data, a.ownUsers)
	missing = errors.Join(missing, lacking)
	if err := c.hello(versionOf(backend), layers, landlock, missing); err != nil || missing != nil {
		return err
	}
	return c.work(backend)
}

// versionOf is the name and version of an engine, if it says them.
func versionOf(b runtimes.Backend) string {
	if v, ok := b.(runtimes.Versioned); ok {
		return v.Version()
	}
	return ""
}
