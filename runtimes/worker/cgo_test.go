//go:build cgo

package worker

// outOfThreads is what a worker says that can make no more.
const outOfThreads = "pthread_create failed"
