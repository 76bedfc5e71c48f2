package proxmoxtest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// entropy returns the random numbers of one entity. They depend on nothing but
// the arguments, so one entity more or less changes no other.
func entropy(seed uint64, cluster, kind string, number int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00%d", seed, cluster, kind, number)
	first := h.Sum64()
	h.Write([]byte{0})
	return rand.New(rand.NewPCG(first, h.Sum64()))
}

// uuidFrom draws a version 4 UUID.
func uuidFrom(r *rand.Rand) string {
	high, low := r.Uint64(), r.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}

// macFrom draws a locally administered unicast MAC behind a fixed first byte.
func macFrom(r *rand.Rand) string {
	bits := r.Uint64()
	return fmt.Sprintf("0A:%02X:%02X:%02X:%02X:%02X", byte(bits>>32), byte(bits>>24), byte(bits>>16), byte(bits>>8), byte(bits))
}
