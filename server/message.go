package server

import (
	"bytes"
	"encoding/json"
	"html"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// message is what a socket is told of an object, or of the end of all of its kind: the payload of a documented frame.
type message struct {
	Object string         `json:"object"`
	Type   string         `json:"type,omitempty"`
	Data   map[string]any `json:"data,omitempty"`
	End    bool           `json:"end,omitempty"`
}

// messages returns what sockets are told of an event: the payloads of its frames in the documented dialect, with each
// text in them escaped, because the plugin's page inserts cells as HTML. A failure that is of no object of a table is a
// line of text.
func messages(stream sse.Stream, ev sync.Event) ([]string, error) {
	if complete, ok := ev.(sync.Complete); ok {
		return ends(stream, complete.Result)
	}
	frames, err := sse.Documented(stream)(nil, ev)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, frame := range frames {
		var body struct {
			Error   string   `json:"error"`
			Payload *message `json:"payload"`
		}
		decoder := json.NewDecoder(bytes.NewReader(frame.Data))
		decoder.UseNumber()
		if err := decoder.Decode(&body); err != nil {
			return nil, err
		}
		switch {
		case body.Payload != nil:
			for name, value := range body.Payload.Data {
				body.Payload.Data[name] = escape(value)
			}
			text, err := json.Marshal(body.Payload)
			if err != nil {
				return nil, err
			}
			texts = append(texts, string(text))
		case body.Error != "":
			texts = append(texts, html.EscapeString(body.Error))
		}
	}
	return texts, nil
}

// escape returns a JSON value with every text in it escaped for HTML.
func escape(value any) any {
	switch value := value.(type) {
	case string:
		return html.EscapeString(value)
	case []any:
		for i := range value {
			value[i] = escape(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = escape(value[name])
		}
	}
	return value
}

// ends returns the end markers at a run's end: the one of a full update, and, after a run that did not come to its
// stages' ends, those that the plugin would wait for in vain.
func ends(stream sse.Stream, result *sync.Result) ([]string, error) {
	var objects []string
	if result.Error != "" && stream != sse.VirtualMachines {
		objects = append(objects, "device", "devices")
	}
	if result.Error != "" && stream != sse.Devices {
		objects = append(objects, "virtual_machine", "virtual-machines")
	}
	if stream == sse.FullUpdate {
		objects = append(objects, "full-update")
	}
	texts := make([]string, len(objects))
	for i, object := range objects {
		text, err := json.Marshal(message{Object: object, End: true})
		if err != nil {
			return nil, err
		}
		texts[i] = string(text)
	}
	return texts, nil
}
