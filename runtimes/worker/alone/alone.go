// Package alone puts on those layers of a worker's sandbox that hold for one thread and those that it makes, in a program
// with cgo, where Go cannot reach the threads that others have made. It does so before Go's runtime begins, when the
// process has one thread. In a program without cgo the package is empty, and nobody imports it.
package alone
