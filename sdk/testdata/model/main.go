// An echo: the smallest model plugin. Tests look at what the linker keeps of the SDK for it.
package main

import "bulkhead/sdk"

func main() {}

func init() { sdk.Model(func(in []byte) ([]byte, error) { return in, nil }) }
