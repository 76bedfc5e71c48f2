package server

import (
	"context"
	"html"
	"net/http"
	"strings"
	stdsync "sync"
	"time"

	"github.com/coder/websocket"
	"github.com/proxbox-go/proxbox/sse"
)

// keepaliveMessage is sent now and then. It has the form of an end marker, of an object that no table shows: the
// plugin's page passes over it, where it would write any other text into its log.
const keepaliveMessage = `{"object":"keepalive","end":true}`

// socket serves a WebSocket: it takes commands, and tells of every run what happens to each object, beginning with the
// first event of the run in progress.
func (s *Server) socket(w http.ResponseWriter, request *http.Request) {
	standing, no := s.judge(request)
	if no != nil {
		s.deny(w, no)
		return
	}
	// The origin has been judged.
	conn, err := websocket.Accept(w, request, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		s.options.Logger.Debug("socket refused", "error", err)
		return
	}
	const longestCommand = 4096
	conn.SetReadLimit(longestCommand)
	ctx, cancel := context.WithCancel(context.WithoutCancel(request.Context()))
	k := socket{
		server: s, request: request, standing: standing, conn: conn, ctx: ctx, ticker: time.NewTicker(s.options.SocketKeepalive),
	}
	defer k.ticker.Stop()
	s.sockets.Add(1)
	defer s.sockets.Add(-1)
	if standing.first {
		err = k.identify()
	}
	if err == nil {
		err = k.send("Connected!", "Connected 2!")
	}
	var reader stdsync.WaitGroup
	if err == nil {
		reader.Go(func() {
			defer cancel()
			k.listen()
		})
		err = k.tell()
	}
	if err == nil {
		err = conn.Close(websocket.StatusGoingAway, goodbye)
	}
	s.options.Logger.Debug("socket closed", "error", err)
	cancel()
	_ = conn.CloseNow()
	reader.Wait()
}

const goodbye = "the server is shutting down"

// socket is one WebSocket.
type socket struct {
	server   *Server
	request  *http.Request // that asked for it
	standing standing      // of the goroutine that reads
	conn     *websocket.Conn
	ctx      context.Context // ends when the client is gone
	ticker   *time.Ticker    // of the keep-alive messages
}

// send sends messages, each within the time limit; a client that does not take one is cut off.
func (k *socket) send(texts ...string) error {
	for _, text := range texts {
		ctx, cancel := context.WithTimeout(k.ctx, k.server.options.WriteTimeout)
		err := k.conn.Write(ctx, websocket.MessageText, []byte(text))
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// listen does what the client says, until it is gone.
func (k *socket) listen() {
	for {
		_, text, err := k.conn.Read(k.ctx)
		if err != nil {
			return
		}
		if err := k.obey(strings.TrimSpace(string(text))); err != nil {
			return
		}
	}
}

// obey starts, or joins, the run that a command asks for, if the client may command.
func (k *socket) obey(command string) error {
	if key, ok := keyMessage(command); ok {
		return k.accept(key)
	}
	if !k.commands() {
		return k.send("This command needs an API key.")
	}
	replies := []string{"Received message: " + html.EscapeString(command)}
	var stream sse.Stream
	switch command {
	case "Full Update Sync", "Full Update":
		stream = sse.FullUpdate
	case "Sync Nodes":
		stream = sse.Devices
		replies = append(replies, "Sync Nodes")
	case "Sync Virtual Machines":
		stream = sse.VirtualMachines
	default:
		return k.send(
			replies[0],
			"Invalid command: "+html.EscapeString(command),
			"Valid commands: 'Sync Nodes', 'Sync Virtual Machines', 'Full Update Sync'",
		)
	}
	if err := k.send(replies...); err != nil {
		return err
	}
	k.server.queue.join(k.server.order(stream))
	return nil
}

// tell tells of all runs, of each in its order, until the client is gone or the server stops: then the error is nil.
func (k *socket) tell() error {
	var runs []*followed
	for place := k.server.queue.place(); ; {
		more, last, news, over := k.server.queue.since(place)
		place = last
		for _, r := range more {
			if !r.order.dry { // which does nothing to any object
				runs = append(runs, &followed{run: r})
			}
		}
		told, err := k.tellRuns(&runs)
		switch {
		case err != nil:
			return err
		case told:
		case over:
			return nil
		default:
			if err := k.wait(news); err != nil {
				return err
			}
		}
	}
}

// followed is a run that a socket is told of.
type followed struct {
	run  *run
	told int // events
}

// tellRuns tells what is new of the runs, and drops those that have ended. any says whether there was something.
func (k *socket) tellRuns(runs *[]*followed) (any bool, err error) {
	var on []*followed
	for _, f := range *runs {
		events, _, ended := f.run.after(f.told)
		for _, ev := range events {
			texts, err := messages(f.run.order.stream, ev)
			if err != nil {
				return false, err
			}
			if err := k.send(texts...); err != nil {
				return false, err
			}
		}
		f.told += len(events)
		any = any || len(events) > 0
		if !ended {
			on = append(on, f)
		}
	}
	*runs = on
	return any, nil
}

// wait waits for a change, and says something now and then.
func (k *socket) wait(changed <-chan struct{}) error {
	for {
		select {
		case <-changed:
			return nil
		case <-k.ctx.Done():
			return k.ctx.Err()
		case <-k.ticker.C:
			if err := k.send(keepaliveMessage); err != nil {
				return err
			}
		}
	}
}
