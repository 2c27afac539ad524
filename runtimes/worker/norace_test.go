//go:build !race

package worker

const withRace = false
