//go:build race

package worker

const withRace = true
