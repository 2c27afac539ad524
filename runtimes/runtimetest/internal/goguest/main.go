// Command goguest is a guest in stock Go without an SDK, for the contract suite. Natively it does nothing.
package main

func main() {}
