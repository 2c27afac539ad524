// Command crowd is a worker in which somebody starts a thread before the sandbox of threads can stand.
package main

/*
#include <pthread.h>
#include <unistd.h>

static void *rest(void *unused) { for (;;) pause(); }

__attribute__((constructor(101))) static void crowd(void) {
	pthread_t thread;
	pthread_create(&thread, 0, rest, 0);
}
*/
import "C"

import (
	"bulkhead/runtimes/wazero"
	"bulkhead/runtimes/worker"
)

func main() {
	worker.Main(map[string]worker.Engine{"wazero": wazero.Ahead})
}
