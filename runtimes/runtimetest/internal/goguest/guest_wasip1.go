package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"
)

//go:wasmimport bulkhead_v1 log
func hostLog(level uint32, line unsafe.Pointer, n uint32)

var (
	input  = make([]byte, 4096)
	output []byte
	config string
	calls  int
)

//go:wasmexport bulkhead_v1_input
func giveInput(n uint32) unsafe.Pointer {
	if int(n) > len(input) {
		input = make([]byte, n)
	}
	return unsafe.Pointer(&input[0])
}

//go:wasmexport bulkhead_v1_configure
func configure(_ unsafe.Pointer, n uint32) uint64 {
	config = string(input[:n])
	return 0
}

//go:wasmexport bulkhead_v1_handle
func handle(_ unsafe.Pointer, n uint32) uint64 {
	calls++
	var failed uint64
	output, failed = answer(input[:n])
	if len(output) == 0 {
		return failed << 31
	}
	return uint64(uintptr(unsafe.Pointer(&output[0])))<<32 | failed<<31 | uint64(len(output))
}

// answer does what the first word of the request says.
func answer(request []byte) ([]byte, uint64) {
	verb, rest, _ := bytes.Cut(request, []byte(" "))
	switch string(verb) {
	case "echo":
		return rest, 0
	case "config":
		return []byte(config), 0
	case "calls":
		return fmt.Append(nil, calls), 0
	case "random":
		b := make([]byte, 16)
		rand.Read(b)
		return b, 0
	case "log":
		hostLog(1, unsafe.Pointer(unsafe.SliceData(rest)), uint32(len(rest)))
		return nil, 0
	case "print":
		fmt.Println(string(rest))
		fmt.Fprint(os.Stderr, string(rest))
		return nil, 0
	case "environment":
		_, err := os.ReadFile("/etc/passwd")
		return fmt.Appendf(nil, "%d %d %v", len(os.Args), len(os.Environ()), err != nil), 0
	case "clock":
		before := time.Now()
		time.Sleep(2 * time.Millisecond)
		return fmt.Append(nil, before.Nanosecond()%1e6 == 0, time.Since(before) >= time.Millisecond), 0
	case "sleep":
		time.Sleep(time.Hour)
		return nil, 0
	case "collect":
		for range 64 {
			output = make([]byte, 1<<20)
		}
		runtime.GC()
		return []byte("collected"), 0
	case "panic":
		panic(string(rest))
	case "exit":
		os.Exit(3)
	}
	return []byte("what is " + string(verb)), 1
}
