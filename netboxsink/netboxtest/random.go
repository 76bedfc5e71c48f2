package netboxtest

import (
	"crypto/rand"
	"encoding/hex"
)

func randomHex(digits int) string {
	b := make([]byte, digits/2)
	// It never fails: crypto/rand crashes the program instead.
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func randomUUID() string {
	h := randomHex(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
