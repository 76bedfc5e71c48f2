package netboxtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// bodyList returns the items of a body that is a JSON list.
func bodyList(body []byte) ([]json.RawMessage, bool) {
	if firstByte(body) != '[' {
		return nil, false
	}
	items := []json.RawMessage{}
	err := json.Unmarshal(body, &items)
	return items, err == nil
}

// checkBody refuses what is not JSON.
func (c *call) checkBody() error {
	body := bytes.TrimSpace(c.body)
	kind := c.request.Header.Get("Content-Type")
	if len(body) == 0 {
		return nil
	}
	if !strings.HasPrefix(kind, "application/json") {
		return detail(http.StatusUnsupportedMediaType, `Unsupported media type "`+kind+`" in request.`)
	}
	if !json.Valid(body) {
		return detail(http.StatusBadRequest, "JSON parse error - "+jsonError(body))
	}
	return nil
}

// jsonError tells a syntax error in the manner of Python's parser.
func jsonError(body []byte) string {
	var v any
	var syntax *json.SyntaxError
	at := len(body)
	if errors.As(json.Unmarshal(body, &v), &syntax) {
		at = int(syntax.Offset) - 1
	}
	line := 1 + bytes.Count(body[:min(at, len(body))], []byte("\n"))
	column := at - bytes.LastIndexByte(body[:min(at, len(body))], '\n')
	return fmt.Sprintf("Expecting value: line %d column %d (char %d)", line, column, at)
}
