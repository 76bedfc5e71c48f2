package netboxtest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"time"
)

// Server is a fake NetBox. It is an [http.Handler] for the paths under /api/,
// and safe for concurrent use: requests run one after the other, each as one
// transaction.
type Server struct {
	maxPage        int
	requestLatency time.Duration
	objectLatency  time.Duration
	writeLatency   time.Duration
	workers        chan struct{} // a place for each request being served; nil for any number
	validator      Validator

	mu     stdsync.Mutex
	store  *store
	tokens []Token

	traffic traffic
}

// New returns an empty NetBox. It fails if the options name an unknown version.
func New(o *Options) (*Server, error) {
	if o == nil {
		o = &Options{}
	}
	r, err := releaseOf(o.Version)
	if err != nil {
		return nil, err
	}
	s := &Server{
		maxPage:        o.MaxPageSize,
		traffic:        traffic{limit: o.LogLimit},
		requestLatency: o.RequestLatency,
		objectLatency:  o.ObjectLatency,
		writeLatency:   cmp.Or(o.WriteLatency, o.ObjectLatency),
		validator:      o.Validator,
		store:          newStore(r),
		tokens:         append(defaultTokens(), slices.Clone(o.Tokens)...),
	}
	if o.Workers > 0 {
		s.workers = make(chan struct{}, o.Workers)
	}
	if s.maxPage <= 0 {
		s.maxPage = 1000
	}
	if s.traffic.limit <= 0 {
		s.traffic.limit = 1 << 16
	}
	return s, nil
}

func (s *Server) release() *release { return s.store.release }

// Version returns the full version that the server poses as, such as "4.7.3".
func (s *Server) Version() string { return s.release().full }

// response is an answer before it is sent.
type response struct {
	status int
	header http.Header
	body   []byte
	items  int // objects read or written
	html   bool
}

// maxBody is Django's DATA_UPLOAD_MAX_MEMORY_SIZE.
const maxBody = 2_621_440

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f := s.traffic.match(r)
	if f != nil && !f.before(w, r) {
		s.traffic.log(r, began, 0, body, 0)
		return
	}
	answer, id := &response{}, randomUUID()
	if f == nil || f.commits() {
		answer = s.work(r, body, id)
	}
	s.decorate(answer, r, id)
	if f != nil {
		answer = f.replace(answer, s.release())
	}
	s.traffic.log(r, began, answer.status, body, answer.items)
	if f != nil && f.breaks(w, r, answer) {
		return
	}
	send(w, r, answer)
}

func send(w http.ResponseWriter, r *http.Request, a *response) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		// The client may be gone; there is nobody to tell.
		_, _ = w.Write(a.body)
	}
}

// work answers a request in the time that a worker takes for it.
func (s *Server) work(r *http.Request, body []byte, id string) *response {
	if s.workers != nil {
		s.workers <- struct{}{}
		defer func() { <-s.workers }()
	}
	answer := s.answer(r, body, id)
	s.delay(r, answer.items)
	return answer
}

func (s *Server) delay(r *http.Request, items int) {
	each := s.objectLatency
	if actionOf(r.Method) != View {
		each = s.writeLatency
	}
	if latency := s.requestLatency + time.Duration(items)*each; latency > 0 {
		pause(r.Context(), latency)
	}
}

// decorate sets the headers that every answer has.
func (s *Server) decorate(a *response, r *http.Request, id string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.header.Set("X-Request-ID", id)
	if strings.HasPrefix(r.URL.Path, "/api/") &&
		a.status != http.StatusMovedPermanently && (s.release().alwaysVersioned || strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")) {
		a.header.Set("API-Version", "4."+strconv.Itoa(s.release().minor))
	}
	switch {
	case a.html:
		a.header.Set("Content-Type", "text/html; charset=utf-8")
	case a.body != nil:
		a.header.Set("Content-Type", "application/json")
	}
}

// answer routes a request and turns what it failed with into NetBox's answer.
func (s *Server) answer(r *http.Request, body []byte, id string) *response {
	if redirected := s.checkSlash(r); redirected != nil {
		return redirected
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.route(r, body, id)
	if err == nil {
		return a
	}
	var (
		refused   *invalid
		unwilling *aborted
		forbidden *denied
		exception *crashed
		conflict  *guarded
		answered  *response
	)
	switch {
	case errors.As(err, &answered):
		return answered
	case errors.As(err, &refused):
		return &response{status: http.StatusBadRequest, body: refused.json()}
	case errors.As(err, &unwilling):
		return detail(http.StatusBadRequest, unwilling.detail)
	case errors.As(err, &forbidden):
		return detail(http.StatusForbidden, forbidden.detail)
	case errors.As(err, &conflict):
		return detail(http.StatusConflict, conflict.Error())
	case errors.As(err, &exception):
		return s.crash(exception)
	}
	return s.crash(&crashed{err.Error(), "Exception"})
}

// Error lets a complete answer travel as an error.
func (a *response) Error() string { return fmt.Sprintf("status %d: %s", a.status, a.body) }

func detail(status int, text string) *response {
	return &response{status: status, body: append(appendString([]byte(`{"detail":`), text), '}')}
}

func (s *Server) crash(e *crashed) *response {
	b := appendString([]byte(`{"error": `), e.message)
	b = appendString(append(b, `, "exception": `...), e.exception)
	b = append(b, `, "netbox_version": "`+s.release().full+`", "python_version": "3.12.1"}`...)
	return &response{status: http.StatusInternalServerError, body: b}
}

// checkSlash handles a path without its trailing slash: a read is redirected, a
// write is redirected too before 4.5.9, so that its body is lost, and 404 after.
func (s *Server) checkSlash(r *http.Request) *response {
	if strings.HasSuffix(r.URL.Path, "/") || !strings.HasPrefix(r.URL.Path, "/api/") {
		return nil
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reading && !s.release().writesLooseSlash {
		return notFoundPage()
	}
	location := r.URL.Path + "/"
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	return &response{status: http.StatusMovedPermanently, html: true, body: []byte{}, header: http.Header{"Location": {location}}}
}

// call is one request to one model.
type call struct {
	*Server
	request   *http.Request
	model     *model
	account   *account
	requestID string
	body      []byte
}

func (s *Server) route(r *http.Request, body []byte, id string) (*response, error) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/api"), "/")
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return notFoundPage(), nil
	}
	if len(body) > maxBody {
		return nil, &crashed{"Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.", "RequestDataTooBig"}
	}
	if path == "users/tokens/provision" && r.Method == http.MethodPost {
		return s.provision(members(body))
	}
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 {
		return s.routeFixed(r, path)
	}
	m := s.store.schema.byPath[parts[0]+"/"+parts[1]]
	if m == nil {
		return s.routeFixed(r, path)
	}
	who, err := s.authenticate(r)
	if err != nil {
		return nil, err
	}
	c := &call{Server: s, request: r, model: m, account: who, requestID: id, body: body}
	if len(parts) == 3 {
		return c.detail(parts[2])
	}
	return c.list()
}

// routeFixed serves what is no model.
func (s *Server) routeFixed(r *http.Request, path string) (*response, error) {
	if app := s.appPage(r, path); app != nil {
		return app, nil
	}
	known := path == "" || path == "status" || strings.HasPrefix(path, "core/object-changes") ||
		(path == "authentication-check" && s.release().secondTokens)
	if !known {
		return notFoundPage(), nil
	}
	who, err := s.authenticate(r)
	if err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return detail(http.StatusMethodNotAllowed, `Method "`+r.Method+`" not allowed.`), nil
	}
	switch path {
	case "":
		return s.rootPage(r), nil
	case "status":
		return s.statusPage(), nil
	case "authentication-check":
		return s.userPage(r, who), nil
	}
	return s.changesPage(r, who, strings.Trim(strings.TrimPrefix(path, "core/object-changes"), "/"))
}

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
