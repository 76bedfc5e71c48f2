package proxmoxtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	stdsync "sync"
	"time"
)

// gzipFrom is the size from which Proxmox VE compresses, in bytes.
const gzipFrom = 1024

// send writes the answer. Errors need a status line of their own, because the
// reason phrase is the error text; the fault may spoil the answer.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a *answer, fault *Fault) {
	if a.aborted {
		cut(w, r, false)
		return
	}
	body := a.bytes()
	header := a.header(w.Header())
	if a.status < 400 && len(body) > gzipFrom && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = compressed(body)
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if fault != nil && (fault.Kind == FaultReset || fault.Kind == FaultTruncate) {
		spoil(w, r, a, header, body, fault.Kind == FaultReset)
		return
	}
	if fault != nil && fault.Kind == FaultDrip {
		w.WriteHeader(a.status)
		drip(w, r, body, fault.Delay)
		return
	}
	if a.status >= 400 {
		header.Set("Connection", "close")
		if sendRaw(w, r, a, header, body) {
			return
		}
	} else if s.connections.full(r.RemoteAddr) {
		header.Set("Connection", "close")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the client may have left
}

func (a *answer) header(header http.Header) http.Header {
	header.Set("Server", "pve-api-daemon/3.0")
	header.Set("Cache-Control", "max-age=0")
	header.Set("Pragma", "no-cache")
	header.Set("Content-Type", "application/json;charset=UTF-8")
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if a.bare {
		header.Del("Content-Type")
	}
	maps.Copy(header, a.extra)
	return header
}

// compressors are kept: a new one takes most of the time of an answer.
var compressors = stdsync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func compressed(body []byte) []byte {
	var buffer bytes.Buffer
	writer := compressors.Get().(*gzip.Writer)
	defer compressors.Put(writer)
	writer.Reset(&buffer)
	_, _ = writer.Write(body) // a bytes.Buffer takes everything
	_ = writer.Close()
	return buffer.Bytes()
}

// hijack takes the connection over; nil when the protocol has none to give.
func hijack(w http.ResponseWriter, r *http.Request) net.Conn {
	// Unread bytes would turn the close into a reset that overtakes the answer.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	return connection
}

func sendRaw(w http.ResponseWriter, r *http.Request, a *answer, header http.Header, body []byte) bool {
	connection := hijack(w, r)
	if connection == nil {
		return false
	}
	defer func() { _ = connection.Close() }()
	_, _ = connection.Write(append(head(a, header), body...)) // the client may have left
	return true
}

// head renders status line and header.
func head(a *answer, header http.Header) []byte {
	var buffer bytes.Buffer
	reason := a.reason
	if reason == "" {
		reason = http.StatusText(a.status)
	}
	reason, _, _ = strings.Cut(reason, "\n")
	fmt.Fprintf(&buffer, "HTTP/1.1 %03d %s\r\n", a.status, strings.ReplaceAll(reason, "\r", ""))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	_ = header.Write(&buffer) // a bytes.Buffer takes everything
	buffer.WriteString("\r\n")
	return buffer.Bytes()
}

// spoil sends half of the answer and then drops or resets the connection.
func spoil(w http.ResponseWriter, r *http.Request, a *answer, header http.Header, body []byte, reset bool) {
	connection := hijack(w, r)
	if connection == nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = connection.Write(append(head(a, header), body[:len(body)/2]...)) // ends here anyhow
	closeHard(connection, reset)
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, r *http.Request, reset bool) {
	connection := hijack(w, r)
	if connection == nil {
		panic(http.ErrAbortHandler)
	}
	closeHard(connection, reset)
}

// closeHard closes without the farewell of TLS, if reset with a TCP reset.
func closeHard(connection net.Conn, reset bool) {
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn()
	}
	if tcp, ok := connection.(interface{ SetLinger(seconds int) error }); ok && reset {
		_ = tcp.SetLinger(0) // a plain close if refused
	}
	_ = connection.Close()
}

// drip sends a body byte by byte, as long as the client is there.
func drip(w http.ResponseWriter, r *http.Request, body []byte, each time.Duration) {
	for i := range body {
		if !pause(r.Context(), each) {
			return
		}
		_, err := w.Write(body[i : i+1])
		if err != nil || http.NewResponseController(w).Flush() != nil {
			return // the client has left
		}
	}
}

// pause waits for d and reports whether the client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
