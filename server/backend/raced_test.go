//go:build race

package backend_test

// standardRounds is how many rounds of the convergence test are played unless somebody asks for more: the race detector
// makes each take four times as long.
const standardRounds = 40
