package sse

import "encoding/json"

// framing collects the frames that are made of one event.
type framing struct {
	frames []Frame
	err    error
}

// tell adds a frame.
func (f *framing) tell(event string, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		f.err = err
		return
	}
	f.frames = append(f.frames, Frame{Event: event, Data: data})
}
