package proxmoxtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// answer is what a call gives back, before it becomes bytes.
type answer struct {
	status int
	// reason is the error text: the first line goes into the status line.
	reason string
	data   any
	// changes stands beside data in the answer of node networks.
	changes string
	// errors name the refused parameters of a 400.
	errors map[string]string
	// bare answers have no body at all.
	bare bool
	// body replaces the rendered one.
	body        []byte
	contentType string
	// extra is what stands in the header besides.
	extra http.Header
	// cost is the time that Proxmox VE takes for it.
	cost time.Duration
	// worker is the node whose pvedaemon is busy during cost, "" for none.
	worker string
	// release of the node that answered.
	release release
	// aborted answers are never sent.
	aborted bool
}

// rows are a list in no particular order.
type rows []any

func success(data any) answer { return answer{status: http.StatusOK, data: data} }

func failed(status int, reason string) answer { return answer{status: status, reason: reason} }

// misused is the refusal of parameters, with what is wrong with each.
func misused(errors map[string]string) answer {
	return answer{status: http.StatusBadRequest, reason: "Parameter verification failed.", errors: errors}
}

// bare is a refusal by the HTTP server itself, without a body.
func bare(status int, reason string) answer {
	return answer{status: status, reason: reason, bare: true}
}

func (a answer) after(cost time.Duration) answer {
	a.cost = cost
	return a
}

// bytes renders the body.
func (a *answer) bytes() []byte {
	if a.body != nil || a.bare {
		return a.body
	}
	envelope := struct {
		Data    any               `json:"data"`
		Changes string            `json:"changes,omitempty"`
		Errors  map[string]string `json:"errors,omitempty"`
		Message string            `json:"message,omitempty"`
	}{Data: a.data, Changes: a.changes, Errors: a.errors}
	if a.status >= 400 && a.release.errorsCarryMessage() {
		envelope.Message = a.reason + "\n"
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(envelope); err != nil {
		// Only a value from Guest.Config, Pending or Interface.Raw can be one
		// that JSON has no word for.
		return []byte(`{"data":null}`)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
