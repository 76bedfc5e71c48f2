package sse

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Frame is one event of an event stream, as in the HTML specification, section "Server-sent events".
type Frame struct {
	// ID is what a client that comes back names in its Last-Event-ID. A frame that was read has the last one seen so
	// far, its own or an earlier one.
	ID string
	// Event is the name; empty stands for "message".
	Event string
	// Data is JSON on a frame that is written, and any text on one that was read.
	Data []byte
	// Retry is how long a client should wait before it comes back. Zero is not written; a frame that was read has the
	// last one seen so far.
	Retry time.Duration
}

// Append appends the frame as bytes of the stream.
//
// Data is written on one line of printable ASCII: what is not as \u escapes, which in JSON mean the same, and control
// characters, which in JSON stand only between tokens, as blanks. In ID and Event, where nothing can be escaped,
// whatever is not printable ASCII becomes a question mark.
func (f Frame) Append(dst []byte) []byte {
	if f.ID != "" {
		dst = appendField(dst, "id: ", f.ID)
	}
	if f.Event != "" {
		dst = appendField(dst, "event: ", f.Event)
	}
	if f.Retry > 0 {
		dst = append(dst, "retry: "...)
		dst = strconv.AppendInt(dst, f.Retry.Milliseconds(), 10)
		dst = append(dst, '\n')
	}
	dst = append(dst, "data: "...)
	dst = appendASCII(dst, f.Data)
	return append(dst, "\n\n"...)
}

// AppendComment appends a comment, which clients ignore: it keeps a silent connection alive. Whatever is not printable
// ASCII becomes a question mark.
func AppendComment(dst []byte, text string) []byte {
	return append(appendField(dst, ": ", text), '\n')
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	for i := range len(value) {
		c := value[i]
		if c < ' ' || c > '~' {
			c = '?'
		}
		dst = append(dst, c)
	}
	return append(dst, '\n')
}

// appendASCII appends JSON text with all that is not printable ASCII as \u escapes, in pairs of surrogates where one does
// not do.
func appendASCII(dst, json []byte) []byte {
	plain := 0 // from here on, all can be copied
	for i := 0; i < len(json); {
		c := json[i]
		if c >= ' ' && c <= '~' {
			i++
			continue
		}
		dst = append(dst, json[plain:i]...)
		if c < ' ' {
			dst = append(dst, ' ')
			i++
		} else {
			r, size := utf8.DecodeRune(json[i:])
			dst = appendEscape(dst, r)
			i += size
		}
		plain = i
	}
	return append(dst, json[plain:]...)
}

func appendEscape(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		dst = appendEscape(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf])
}

// asciiLen returns the length of what appendASCII appends.
func asciiLen(json []byte) int {
	n := 0
	for i := 0; i < len(json); {
		if json[i] <= '~' {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRune(json[i:])
		i += size
		n += escapeLen
		if r >= 0x10000 {
			n += escapeLen
		}
	}
	return n
}

// escapeLen is the length of one \u escape.
const escapeLen = 6
