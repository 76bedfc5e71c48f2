package server

import "net/http"

// secure sets the headers that keep a browser from making more of an answer than it is.
func secure(header http.Header) { header.Set("X-Content-Type-Options", "nosniff") }

// securePage sets those of a page and its files: nothing is loaded or asked for but from this server, no script stands
// in the page itself, and no other page shows it in a frame.
func securePage(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
}
