//go:build !race

package backend_test

// standardRounds is how many rounds of the convergence test are played unless somebody asks for more.
const standardRounds = 150
