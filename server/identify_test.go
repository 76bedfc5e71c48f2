package server_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	greeting   = "Connected!"
	greeting2  = "Connected 2!"
	needsKey   = "This command needs an API key."
	netboxPage = "https://netbox.test:8443"
)

// listenWith opens a WebSocket that may be refused later, and reads it in the background.
func (s *service) listenWith(header http.Header) *listener {
	s.t.Helper()
	conn, _, err := s.dial(header)
	require.NoError(s.t, err)
	l := &listener{t: s.t, conn: conn, done: make(chan struct{})}
	go l.read()
	s.t.Cleanup(func() { _ = conn.CloseNow(); <-l.done })
	synctest.Wait()
	return l
}

// closed returns the code that the server has closed the socket with.
func (l *listener) closed() websocket.StatusCode {
	l.t.Helper()
	<-l.done
	return websocket.CloseStatus(l.err)
}

// withNetBox serves with an origin that is allowed.
func withNetBox(t *testing.T, o server.Options) *service {
	t.Helper()
	o.Origins = []string{"netbox.test"}
	return serve(t, &o)
}

func TestWhoMayOpenASocket(t *testing.T) {
	t.Parallel()
	const listens, commands, first, refused, unauthorised = "listens", "commands", "shows a key first", "is refused", "has a wrong key"
	page := http.Header{"Origin": {netboxPage}}
	for name, c := range map[string]struct {
		keys, open bool
		from       string
		header     http.Header
		want       string
	}{
		"no key: a client here":                     {false, false, "127.0.0.1:1", nil, commands},
		"no key: a client here that has one":        {false, false, "127.0.0.1:1", http.Header{"Authorization": {"Bearer " + otherKey}}, commands},
		"no key: our page here":                     {false, false, "127.0.0.1:1", http.Header{"Origin": {"http://localhost"}}, commands},
		"no key: NetBox's page here":                {false, false, "127.0.0.1:1", page, commands},
		"no key: another page here":                 {false, false, "127.0.0.1:1", http.Header{"Origin": {"https://evil.test"}}, refused},
		"no key: a page without an origin":          {false, false, "127.0.0.1:1", http.Header{"Origin": {"null"}}, refused},
		"no key: a rebound name":                    {false, false, "127.0.0.1:1", http.Header{"Origin": {"http://evil.test"}, "Host": {"evil.test"}}, refused},
		"no key: a client elsewhere":                {false, false, elsewhere, nil, refused},
		"no key: NetBox's page elsewhere":           {false, false, elsewhere, page, listens},
		"no key: another page elsewhere":            {false, false, elsewhere, http.Header{"Origin": {"https://evil.test"}}, refused},
		"open: a client elsewhere":                  {false, true, elsewhere, nil, commands},
		"open: NetBox's page elsewhere":             {false, true, elsewhere, page, commands},
		"open: another page":                        {false, true, elsewhere, http.Header{"Origin": {"https://evil.test"}}, refused},
		"keys: a client with one":                   {true, false, elsewhere, http.Header{"X-Proxbox-Api-Key": {key}}, commands},
		"keys: the old plugin with a token":         {true, false, elsewhere, http.Header{"Authorization": {"Bearer " + key}}, commands},
		"keys: the same, as a token":                {true, false, elsewhere, http.Header{"Authorization": {"Token " + key}}, commands},
		"keys: a client with a wrong one":           {true, false, elsewhere, http.Header{"X-Proxbox-Api-Key": {otherKey}}, unauthorised},
		"keys: a client with none":                  {true, false, elsewhere, nil, first},
		"keys: a client with none, here":            {true, false, "127.0.0.1:1", nil, first},
		"keys: a client with none, open or not":     {true, true, elsewhere, nil, first},
		"keys: our page":                            {true, false, elsewhere, http.Header{"Origin": {"http://localhost"}}, first},
		"keys: NetBox's page":                       {true, false, elsewhere, page, listens},
		"keys: NetBox's page here":                  {true, false, "127.0.0.1:1", page, listens},
		"keys: another page":                        {true, false, elsewhere, http.Header{"Origin": {"https://evil.test"}}, refused},
		"keys: a page that is called like NetBox's": {true, false, elsewhere, http.Header{"Origin": {"https://netbox.test.evil.test"}}, refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := withNetBox(t, server.Options{OpenWrites: c.open})
				if c.keys {
					s.register(key)
				}
				s = s.at(c.from)
				switch c.want {
				case refused, unauthorised:
					_, response, err := s.dial(c.header)
					require.Error(t, err)
					want := map[string]int{refused: http.StatusForbidden, unauthorised: http.StatusUnauthorized}[c.want]
					assert.Equal(t, want, response.StatusCode)
					return
				case first:
					l := s.listenWith(c.header)
					assert.Empty(t, l.heard())
					l.say(`{"api_key":"` + key + `"}`)
					assert.Equal(t, []string{greeting, greeting2}, l.heard())
					l.say("Sync Nodes")
					s.backend.run(t).finish()
				case listens:
					l := s.listenWith(c.header)
					assert.Equal(t, []string{greeting, greeting2}, l.heard())
					l.say("Sync Nodes")
					assert.Equal(t, []string{needsKey}, l.heard())
					s.backend.idle(t)
				case commands:
					l := s.listenWith(c.header)
					assert.Equal(t, []string{greeting, greeting2}, l.heard())
					l.say("Sync Nodes")
					assert.Equal(t, []string{"Received message: Sync Nodes", "Sync Nodes"}, l.heard())
					s.backend.run(t).finish()
				}
			})
		})
	}
}

// The page hears of a run that somebody else has started, and may show a key later.
func TestListenerWithoutAKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withNetBox(t, server.Options{})
		s.register(key)
		l := s.at(elsewhere).listenWith(http.Header{"Origin": {netboxPage}})
		commander := s.listenWith(http.Header{"X-Proxbox-Api-Key": {key}})
		commander.say("Full Update")
		l.heard()
		run := s.backend.run(t)
		run.tell(fullRun()...)
		run.finish()
		assert.Contains(t, l.heard(), `{"object":"full-update","end":true}`)

		l.say(`{"api_key":"` + key + `"}`)
		assert.Empty(t, l.heard())
		l.say("Sync Nodes")
		assert.Equal(t, []string{"Received message: Sync Nodes", "Sync Nodes"}, l.heard())
		s.backend.run(t).finish()
		l.say(`{"api_key":"` + otherKey + `"}`)
		assert.Equal(t, websocket.StatusCode(4001), l.closed())
	})
}

// What the newest plugin's client sends first.
func TestKeyInTheFirstMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message string
		reason  string
	}{
		"a wrong key":         {`{"api_key":"` + otherKey + `"}`, "The API key is not valid."},
		"an empty one":        {`{"api_key":""}`, "An API key is needed"},
		"one of a wrong type": {`{"api_key":17}`, "An API key is needed"},
		"broken JSON":         {`{"api_key":"` + key, "An API key is needed"},
		"a bare key":          {key, "must be an API key"},
		"a command":           {"Full Update", "must be an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				s.register(key)
				l := s.listenWith(nil)
				l.say(c.message)
				assert.Equal(t, websocket.StatusCode(4001), l.closed())
				require.ErrorContains(t, l.err, c.reason)
				assert.Empty(t, l.heard())
				s.backend.idle(t)
			})
		})
	}
}

func TestKeyThatIsNotSentInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.register(key)
		before := time.Now()
		l := s.listenWith(nil)
		assert.Equal(t, websocket.StatusCode(4001), l.closed())
		assert.Equal(t, 10*time.Second, time.Since(before))
		assert.Empty(t, l.heard())
	})
}

func TestShutdownClosesSocketsThatHaveShownNoKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.register(key)
		l := s.listenWith(nil)
		before := time.Now()
		require.NoError(t, s.server.Shutdown(context.Background()))
		assert.Equal(t, websocket.StatusGoingAway, l.closed())
		assert.Equal(t, before, time.Now())
	})
}

// The newest plugin sends its key even where none is registered.
func TestKeyThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		l := s.listen()
		for _, text := range []string{`{"api_key":"` + otherKey + `"}`, `{"api_key":"` + otherKey} {
			l.say(text)
			assert.Empty(t, l.heard(), "it is not sent back either")
		}
		l.say("Sync Nodes")
		s.backend.run(t).finish()
	})
}

// What a socket may do ends with its key.
func TestCommandsEndWithTheKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		early := s.listen()
		s.register(key)
		early.say("Sync Nodes")
		assert.Equal(t, []string{needsKey}, early.heard())

		l := s.listenWith(http.Header{"Authorization": {"Bearer " + key}})
		l.heard()
		require.Equal(t, http.StatusCreated, s.send(http.MethodPost, "/auth/keys", key, `{"api_key":"`+otherKey+`"}`).status)
		require.Equal(t, http.StatusOK, s.send(http.MethodDelete, "/auth/keys/1", otherKey, "").status)
		l.say("Sync Nodes")
		assert.Equal(t, []string{needsKey}, l.heard())
		s.backend.idle(t)
	})
}

func TestLockoutOfSockets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.register(key)
		far := s.at(elsewhere)
		for range 2 {
			_, response, err := far.dial(http.Header{"X-Proxbox-Api-Key": {otherKey}})
			require.Error(t, err)
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
		}
		for range 3 {
			l := far.listenWith(nil)
			l.say(`{"api_key":"` + otherKey + `"}`)
			assert.Equal(t, websocket.StatusCode(4001), l.closed())
		}
		_, response, err := far.dial(http.Header{"X-Proxbox-Api-Key": {key}})
		require.Error(t, err)
		assert.Equal(t, http.StatusTooManyRequests, response.StatusCode)
		l := far.listenWith(nil)
		l.say(`{"api_key":"` + key + `"}`)
		assert.Equal(t, websocket.StatusCode(4001), l.closed())
		require.ErrorContains(t, l.err, "locked out")
	})
}
