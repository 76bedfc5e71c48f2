package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dial opens a WebSocket that nobody reads.
func (s *service) dial(header http.Header) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(context.Background(), "ws://localhost/ws", &websocket.DialOptions{
		HTTPClient: s.client, HTTPHeader: header, Host: header.Get("Host"), CompressionMode: websocket.CompressionContextTakeover,
	})
}

// listener reads a WebSocket.
type listener struct {
	t    *testing.T
	conn *websocket.Conn
	done chan struct{}

	mu    stdsync.Mutex
	texts []string
	err   error
}

// listen opens a WebSocket while no run is in progress, and reads it in the background.
func (s *service) listen() *listener {
	s.t.Helper()
	l := s.listenMidway()
	assert.Equal(s.t, []string{"Connected!", "Connected 2!"}, l.heard())
	return l
}

// listenMidway does the same at any time.
func (s *service) listenMidway() *listener {
	s.t.Helper()
	conn, _, err := s.dial(nil)
	require.NoError(s.t, err)
	l := &listener{t: s.t, conn: conn, done: make(chan struct{})}
	go l.read()
	s.t.Cleanup(func() { _ = conn.CloseNow(); <-l.done })
	synctest.Wait()
	return l
}

func (l *listener) read() {
	defer close(l.done)
	for {
		_, text, err := l.conn.Read(context.Background())
		l.mu.Lock()
		l.err = err
		if err == nil {
			l.texts = append(l.texts, string(text))
		}
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// heard returns what has come since it was last called.
func (l *listener) heard() []string {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	texts := l.texts
	l.texts = nil
	return texts
}

func (l *listener) say(text string) {
	l.t.Helper()
	require.NoError(l.t, l.conn.Write(context.Background(), websocket.MessageText, []byte(text)))
	synctest.Wait()
}

func TestSocketCommands(t *testing.T) {
	t.Parallel()
	for command, c := range map[string]struct {
		replies []string
		kinds   int
	}{
		"Full Update Sync":       {nil, 0},
		"Full Update":            {nil, 0},
		"Sync Nodes":             {[]string{"Sync Nodes"}, 4},
		"Sync Virtual Machines":  {nil, 5},
		" Sync Virtual Machines": {nil, 5},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				l := s.listen()
				l.say(command)
				assert.Equal(t, append([]string{"Received message: " + strings.TrimSpace(command)}, c.replies...), l.heard())
				run := s.backend.run(t)
				assert.Len(t, run.options.Scope.Kinds, c.kinds)
				l.say(command) // joins
				run.finish()
				s.backend.idle(t)
			})
		})
	}
}

func TestSocketRefusesOtherCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		l := s.listen()
		l.say("Make <b>coffee</b>")
		assert.Equal(t, []string{
			"Received message: Make &lt;b&gt;coffee&lt;/b&gt;",
			"Invalid command: Make &lt;b&gt;coffee&lt;/b&gt;",
			"Valid commands: 'Sync Nodes', 'Sync Virtual Machines', 'Full Update Sync'",
		}, l.heard())
		s.backend.idle(t)
	})
}

func TestSocketHearsEveryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		one, two := s.listen(), s.listen()
		s.watch(full) // not by a command
		run := s.backend.run(t)
		run.tell(fullRun()[:7]...)
		late := s.listenMidway()
		run.tell(fullRun()[7:]...)
		run.finish()
		heard := one.heard()
		golden(t, "socket.txt", []byte(strings.Join(heard, "\n")+"\n"))
		assert.Equal(t, heard, two.heard())
		assert.Equal(t, append([]string{"Connected!", "Connected 2!"}, heard...), late.heard(), "the run in progress from its first event")

		s.watch(devices)
		s.backend.run(t).finish()
		s.watch(devices)
		run = s.backend.run(t)
		run.tell(node(sync.Started))
		run.finish()
		assert.Len(t, one.heard(), 1, "the next ones, too")
		after := s.listen()
		assert.Empty(t, after.heard(), "nothing of runs that are over")
	})
}

func TestSocketEscapesCells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		l := s.listen()
		l.say("Sync Virtual Machines")
		l.heard()
		run := s.backend.run(t)
		const evil = `<img src=x onerror="alert('1')">`
		nested, err := sync.ParseValue([]byte(`{"a":["<b>"]}`))
		require.NoError(t, err)
		step := guest(evil, sync.Completed).(sync.Step)
		step.Object = map[string]sync.Value{
			"status": sync.String(evil), "role": sync.Strings(evil), "memory": sync.Int(2048), "cluster": sync.String("a & b"), "device": nested,
		}
		run.tell(step, guestFailed(evil, evil), sync.Failure{
			Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Errors: []*sync.ObjectError{{
				Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Err: assert.AnError,
			}},
		})
		run.finish()
		heard := l.heard()
		require.Len(t, heard, 3)
		for _, text := range heard {
			assert.NotContains(t, text, "<")
		}
		var done, failed struct{ Data map[string]any }
		require.NoError(t, json.Unmarshal([]byte(heard[0]), &done))
		require.NoError(t, json.Unmarshal([]byte(heard[1]), &failed))
		const safe = `&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;`
		assert.Equal(t, safe, done.Data["status"])
		assert.Equal(t, []any{safe}, done.Data["role"])
		assert.Equal(t, safe, done.Data["rowid"])
		assert.Equal(t, "a &amp; b", done.Data["cluster"])
		assert.Equal(t, map[string]any{"a": []any{"&lt;b&gt;"}}, done.Data["device"])
		assert.InDelta(t, 2048, done.Data["memory"], 0)
		assert.Equal(t, "virtual-machine "+safe+": "+safe, failed.Data["error"])
		assert.Equal(t, "source lab: "+assert.AnError.Error(), heard[2], "what is of no row is a line of text")
	})
}

func TestSocketEndsOfARunThatFailed(t *testing.T) {
	t.Parallel()
	for command, want := range map[string][]string{
		"Sync Nodes":            {"device", "devices"},
		"Sync Virtual Machines": {"virtual_machine", "virtual-machines"},
		"Full Update Sync":      {"device", "devices", "virtual_machine", "virtual-machines", "full-update"},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				l := s.listen()
				l.say(command)
				l.heard()
				s.backend.run(t).do(func() error { return assert.AnError })
				heard := l.heard()
				assert.Equal(t, assert.AnError.Error(), heard[0])
				for i := range want {
					want[i] = `{"object":"` + want[i] + `","end":true}`
				}
				assert.Equal(t, want, heard[1:])
			})
		})
	}
}

func TestSocketIsNotSilentForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		l := s.listen()
		time.Sleep(25 * time.Second)
		assert.Equal(t, []string{`{"object":"keepalive","end":true}`, `{"object":"keepalive","end":true}`}, l.heard())
		s.watch(full)
		run := s.backend.run(t)
		for range 8 {
			time.Sleep(2 * time.Second)
			run.tell(begin()) // of which sockets are told nothing
		}
		assert.Len(t, l.heard(), 2)
		run.finish()
	})
}

// The plugin's own client sends a command, then reads until something comes, before it sends the next.
func TestSocketClientThatBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		conn, _, err := s.dial(nil)
		require.NoError(t, err)
		defer func() { _ = conn.CloseNow() }()
		heard := make(chan error, 1)
		go func() { heard <- blockingClient(conn, "Sync Nodes", "Sync Virtual Machines") }()
		s.backend.run(t).finish()
		s.backend.run(t).finish()
		require.NoError(t, <-heard)
	})
}

// blockingClient has each of the commands obeyed: it sends one, and the next with the first message that comes after
// the answers to it.
func blockingClient(conn *websocket.Conn, commands ...string) error {
	read := func(messages int) error {
		for range messages {
			if _, _, err := conn.Read(context.Background()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := read(2); err != nil { // the greeting
		return err
	}
	for _, command := range commands {
		if err := conn.Write(context.Background(), websocket.MessageText, []byte(command)); err != nil {
			return err
		}
		if err := read(3); err != nil { // one or two answers, and what comes next
			return err
		}
	}
	return nil
}

func TestSlowSocketIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{WriteTimeout: 3 * time.Second})
		stalled, _, err := s.dial(nil)
		require.NoError(t, err)
		defer func() { _ = stalled.CloseNow() }()
		quick := s.listen()
		quick.say("Full Update")
		quick.heard()
		run := s.backend.run(t)
		before := time.Now()
		for range 100 {
			run.tell(guest("web01", sync.Started))
		}
		assert.Equal(t, before, time.Now(), "the run waits for nobody")
		assert.Len(t, quick.heard(), 100)
		time.Sleep(20 * time.Second)
		run.finish()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for err == nil {
			_, _, err = stalled.Read(ctx)
		}
		require.NoError(t, ctx.Err(), "it was not cut off")
	})
}

func TestSocketLimitsCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		l := s.listen()
		l.say(strings.Repeat("x", 5000))
		<-l.done
		assert.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(l.err))
		s.backend.idle(t)
	})
}

func TestSocketOrigins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		origins []string
		origin  string
		ok      bool
	}{
		"no page":              {nil, "", true},
		"our own page":         {nil, "http://localhost", true},
		"somebody else's page": {nil, "https://netbox.test", false},
		"a page let in":        {[]string{"netbox.test"}, "https://netbox.test", true},
		"another one":          {[]string{"netbox.test"}, "https://evil.test", false},
		"not by that scheme":   {[]string{"https://netbox.test"}, "http://netbox.test", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, &server.Options{Origins: c.origins})
				header := http.Header{}
				if c.origin != "" {
					header.Set("Origin", c.origin)
				}
				conn, response, err := s.dial(header)
				if !c.ok {
					require.Error(t, err)
					assert.Equal(t, http.StatusForbidden, response.StatusCode)
					return
				}
				require.NoError(t, err)
				assert.Empty(t, response.Header.Get("Sec-WebSocket-Extensions"), "compression is declined")
				require.NoError(t, conn.CloseNow())
			})
		})
	}
}

func TestShutdownClosesSockets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		idle, busy := s.listen(), s.listen()
		busy.say("Full Update")
		run := s.backend.run(t)
		run.tell(begin())
		require.NoError(t, s.server.Shutdown(context.Background()))
		for _, l := range []*listener{idle, busy} {
			<-l.done
			assert.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(l.err))
			heard := l.heard()
			assert.Equal(t, `{"object":"full-update","end":true}`, heard[len(heard)-1], "the end of the run first")
		}
	})
}
