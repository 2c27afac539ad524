//go:build cgo

// Some layers of the sandbox hold for one thread and those that it makes. Where Go is not alone, as in any program with
// cgo, it cannot reach the threads that others have made; so these layers are put on before there is a second thread: a
// constructor runs before Go's runtime does. It speaks to the kernel alone, since the C library may not know these calls.

#define _GNU_SOURCE
#include "alone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The same numbers on every processor.
#define CLOSE_RANGE 436
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_RESTRICT_SELF 446

// The first descriptor that is not the host's gift to a worker.
#define FIRST_STRANGER 9

struct bulkhead_alone bulkhead_alone = { .pagemap = -1 };

// The rights that are denied where no rule allows them: struct landlock_ruleset_attr.
struct rights { unsigned long long field[3]; };

static int create(struct rights *r) { return syscall(LANDLOCK_CREATE_RULESET, r, sizeof *r, 0); }

// widen adds all rights of one field that the kernel knows. One that it does not know is EINVAL, an unknown field E2BIG.
static int widen(struct rights *r, int field) {
	for (int bit = 0; bit < 64; bit++) {
		unsigned long long before = r->field[field];
		r->field[field] |= 1ULL << bit;
		int fd = create(r);
		if (fd < 0) {
			r->field[field] = before;
			return errno == EINVAL || errno == E2BIG ? 0 : errno;
		}
		close(fd);
	}
	return 0;
}

static int landlock(struct rights *r) {
	for (int field = 0; field < 3; field++) {
		int e = widen(r, field);
		if (e != 0) return e;
	}
	if (r->field[0] == 0) return ENOSYS;
	int fd = create(r);
	if (fd < 0) return errno;
	int e = syscall(LANDLOCK_RESTRICT_SELF, fd, 0) == 0 ? 0 : errno;
	close(fd);
	return e;
}

static int drop_capabilities(void) {
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	memset(none, 0, sizeof none);
	return syscall(SYS_capset, &head, none) == 0 ? 0 : errno;
}

// other_threads is 0 if there are none. The folder has a link for each thread, beside two of its own.
static int other_threads(void) {
	struct stat s;
	if (stat("/proc/self/task", &s) != 0) return errno;
	return s.st_nlink == 3 ? 0 : EBUSY;
}

// fill_standard opens what Go would open otherwise, too late.
static void fill_standard(void) {
	int fd;
	do fd = open("/dev/null", O_RDWR | O_CLOEXEC); while (fd >= 0 && fd <= 2);
	if (fd >= 0) close(fd);
}

__attribute__((constructor)) static void alone(void) {
	struct bulkhead_alone *a = &bulkhead_alone;
	struct rights r = { { 0, 0, 0 } };
	if (strcmp(program_invocation_name, "bulkhead-worker") != 0) return;
	a->ran = 1;
	a->threads = other_threads();
	syscall(CLOSE_RANGE, FIRST_STRANGER, ~0U, 0); // any kernel with Landlock has it
	fill_standard();
	a->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	a->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
	a->capabilities = drop_capabilities();
	a->landlock = landlock(&r);
	a->files = r.field[0], a->network = r.field[1], a->scope = r.field[2];
}
