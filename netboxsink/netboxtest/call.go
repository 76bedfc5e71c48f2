package netboxtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// actionOf returns the permission that a method needs.
func actionOf(method string) Action {
	switch method {
	case http.MethodPost:
		return Add
	case http.MethodPut, http.MethodPatch:
		return Modify
	case http.MethodDelete:
		return Delete
	}
	return View
}

// begin starts the request's transaction.
func (c *call) begin() *transaction {
	return &transaction{store: c.store, account: c.account, requestID: c.requestID, validate: c.validator}
}

// allowed checks the model permission for the request's method.
func (c *call) allowed(methods ...string) error {
	method := c.request.Method
	if !slices.Contains(methods, method) {
		return detail(http.StatusMethodNotAllowed, `Method "`+method+`" not allowed.`)
	}
	if !c.account.may(actionOf(method), c.model.label) {
		return &denied{deniedText}
	}
	return nil
}

// chosen is the selection of fields that the query asks for: nil means all.
func (c *call) chosen() selected {
	q := c.request.URL.Query()
	if fields := q.Get("fields"); fields != "" {
		return chosenFrom(strings.Split(fields, ","))
	}
	if omitted := q.Get("omit"); omitted != "" && c.release().omit {
		without := chosenFrom(strings.Split(omitted, ","))
		return func(name string) bool { return !without(name) }
	}
	if q.Get("brief") != "" && c.request.Method == http.MethodGet {
		return chosenFrom(c.model.brief)
	}
	return nil
}

// shown is the selection for the answer: exclude=config_context only cuts there.
func (c *call) shown() selected {
	chosen := c.chosen()
	if !c.release().contextIsOptional || c.request.URL.Query().Get("exclude") != "config_context" {
		return chosen
	}
	return func(name string) bool { return name != "config_context" && (chosen == nil || chosen(name)) }
}

func (c *call) writer() *writer {
	return &writer{store: c.store, base: base(c.request)}
}

// list serves the list URL of a model.
func (c *call) list() (*response, error) {
	if c.request.Method == http.MethodOptions {
		return c.options(), nil
	}
	err := c.allowed(http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete)
	if err != nil {
		return nil, err
	}
	if actionOf(c.request.Method) == View {
		return c.page()
	}
	if err := c.checkBody(); err != nil {
		return nil, err
	}
	if a := c.inBackground(); a != nil {
		return a, nil
	}
	switch c.request.Method {
	case http.MethodPost:
		if items, ok := bodyList(c.body); ok {
			return c.createAll(items)
		}
		return c.createOne()
	case http.MethodDelete:
		return c.deleteAll()
	}
	return c.updateAll(c.request.Method == http.MethodPatch)
}

// inBackground answers ?background=true: no worker ever runs here.
func (c *call) inBackground() *response {
	if !c.release().background || !strings.EqualFold(c.request.URL.Query().Get("background"), "true") {
		return nil
	}
	if _, list := bodyList(c.body); !list {
		return nil
	}
	if c.request.Header.Get("If-Match") != "" {
		return &response{status: http.StatusBadRequest, body: []byte(`["The If-Match header is not supported with background processing."]`)}
	}
	return detail(http.StatusServiceUnavailable, "Unable to process request: RQ worker process not running.")
}

// detail serves the URL of one object.
func (c *call) detail(id string) (*response, error) {
	if c.request.Method == http.MethodOptions {
		return c.options(), nil
	}
	err := c.allowed(http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(id)
	if err != nil {
		return detail(http.StatusNotFound, "Not found."), nil
	}
	o := c.store.get(c.model.label, n)
	if o == nil {
		return detail(http.StatusNotFound, "No "+c.model.class+" matches the given query."), nil
	}
	if actionOf(c.request.Method) == View {
		return c.show(http.StatusOK, o), nil
	}
	if err := c.checkBody(); err != nil {
		return nil, err
	}
	if err := c.checkMatch(o); err != nil {
		return nil, err
	}
	if c.request.Method == http.MethodDelete {
		return c.deleteOne(o)
	}
	return c.updateOne(o, c.request.Method == http.MethodPatch)
}

// checkMatch compares the If-Match header with the object's ETag.
func (c *call) checkMatch(o *object) error {
	wanted := c.request.Header.Get("If-Match")
	if !c.release().etag || wanted == "" || wanted == "*" {
		return nil
	}
	tag := etagOf(o)
	for one := range strings.SplitSeq(wanted, ",") {
		if strings.TrimSpace(one) == tag {
			return nil
		}
	}
	a := detail(http.StatusPreconditionFailed, "Precondition failed.")
	a.header = http.Header{"Etag": {tag}}
	return a
}

// show renders one object.
func (c *call) show(status int, o *object) *response {
	w := c.writer()
	w.object(o, c.shown())
	a := &response{status: status, body: w.buffer, items: 1, header: http.Header{}}
	if c.release().etag {
		a.header.Set("Etag", etagOf(o))
	}
	if shown := c.shown(); status == http.StatusCreated && (shown == nil || shown("url")) {
		a.header.Set("Location", base(c.request)+"/api/"+c.model.path+"/"+strconv.Itoa(o.id)+"/")
	}
	return a
}

// showAll renders a list of objects.
func (c *call) showAll(status int, objects []*object) *response {
	w := c.writer()
	chosen := c.shown()
	list(w, objects, func(o *object) { w.object(o, chosen) })
	return &response{status: status, body: w.buffer, items: len(objects)}
}

// options describes the model, as short as it may be: its fields for each method that writes and is allowed, PUT for the
// whole list too.
func (c *call) options() *response {
	b := appendString([]byte(`{"name":`), c.model.class+" List")
	b = append(b, `,"renders":["application/json"],"parses":["application/json"]`...)
	before := `,"actions":{`
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		if c.account.may(actionOf(method), c.model.label) {
			b = c.appendFields(append(b, before+`"`+method+`":`...))
			before = ","
		}
	}
	if before == "," {
		b = append(b, '}')
	}
	return &response{status: http.StatusOK, body: append(b, '}')}
}

// appendFields describes what a body may hold.
func (c *call) appendFields(b []byte) []byte {
	b = append(b, '{')
	for i, f := range c.model.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.name), `:{"required":`...)
		b = strconv.AppendBool(b, f.required)
		b = strconv.AppendBool(append(b, `,"read_only":`...), !f.writable())
		b = append(b, '}')
	}
	return append(b, '}')
}
