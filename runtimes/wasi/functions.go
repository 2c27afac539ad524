package wasi

import (
	"context"
	"fmt"

	"bulkhead/runtimes/wasm"
)

// Functions returns every function of preview 1.
func (s *System) Functions() []Function {
	return append(s.working(), refusing()...)
}

func (s *System) working() []Function {
	return []Function{
		{"args_get", wasm.Signature("ii", "i"), simple(always(success))},
		{"args_sizes_get", wasm.Signature("ii", "i"), simple(empty)},
		{"environ_get", wasm.Signature("ii", "i"), simple(always(success))},
		{"environ_sizes_get", wasm.Signature("ii", "i"), simple(empty)},
		{"clock_res_get", wasm.Signature("ii", "i"), simple(clockRes)},
		{"clock_time_get", wasm.Signature("iIi", "i"), simple(s.clockTime)},
		{"fd_write", wasm.Signature("iiii", "i"), fdWrite},
		{"poll_oneoff", wasm.Signature("iiii", "i"), s.pollOneoff},
		{"proc_exit", wasm.Signature("i", ""), procExit},
		{"random_get", wasm.Signature("ii", "i"), simple(randomGet)},
		{"sched_yield", wasm.Signature("", "i"), schedYield},
	}
}

// refusing lists the functions that answer EBADF, because they take a descriptor and there is none, and proc_raise.
func refusing() []Function {
	var out []Function
	for _, f := range [...]struct{ name, params string }{
		{"fd_advise", "iIIi"}, {"fd_allocate", "iII"}, {"fd_close", "i"}, {"fd_datasync", "i"}, {"fd_fdstat_get", "ii"},
		{"fd_fdstat_set_flags", "ii"}, {"fd_fdstat_set_rights", "iII"}, {"fd_filestat_get", "ii"},
		{"fd_filestat_set_size", "iI"}, {"fd_filestat_set_times", "iIIi"}, {"fd_pread", "iiiIi"},
		{"fd_prestat_dir_name", "iii"}, {"fd_prestat_get", "ii"}, {"fd_pwrite", "iiiIi"}, {"fd_read", "iiii"},
		{"fd_readdir", "iiiIi"}, {"fd_renumber", "ii"}, {"fd_seek", "iIii"}, {"fd_sync", "i"}, {"fd_tell", "ii"},
		{"path_create_directory", "iii"}, {"path_filestat_get", "iiiii"}, {"path_filestat_set_times", "iiiiIIi"},
		{"path_link", "iiiiiii"}, {"path_open", "iiiiiIIii"}, {"path_readlink", "iiiiii"},
		{"path_remove_directory", "iii"}, {"path_rename", "iiiiii"}, {"path_symlink", "iiiii"},
		{"path_unlink_file", "iii"}, {"sock_accept", "iii"}, {"sock_recv", "iiiiii"}, {"sock_send", "iiiii"},
		{"sock_shutdown", "ii"},
	} {
		out = append(out, Function{f.name, wasm.Signature(f.params, "i"), simple(always(badf))})
	}
	return append(out, Function{"proc_raise", wasm.Signature("i", "i"), simple(always(nosys))})
}

// empty answers the sizes of the arguments or the environment: no strings, no bytes.
func empty(g Guest, p []uint64) errno {
	count, ok := g.Window(uint32(p[0]), 4)
	size, ok2 := g.Window(uint32(p[1]), 4)
	if !ok || !ok2 {
		return fault
	}
	clear(count)
	clear(size)
	return success
}

// An ExitError is a guest's call of proc_exit. A plugin has nothing to exit from, so it is a trap.
type ExitError struct{ Code uint32 }

// Error says so.
func (e *ExitError) Error() string { return fmt.Sprintf("the guest called proc_exit(%d)", e.Code) }

func procExit(_ context.Context, _ Guest, stack []uint64) error {
	return &ExitError{Code: uint32(stack[0])}
}
