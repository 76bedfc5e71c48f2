package netboxsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Apply writes one batch as one bulk request, or as several, one after the other, where NetBox would take too long for it
// (see [Options.Writers]). NetBox takes all of a request or nothing: what it rejects is taken out, by its own word or by
// halving, and the rest sent again. After an answer that is lost, or tells nothing, it is looked up what landed before
// anything is sent again.
func (s *Sink) Apply(ctx context.Context, b sync.Batch) ([]sync.Outcome, error) {
	if _, ok := tables[b.Kind]; !ok {
		return nil, fmt.Errorf("netboxsink: there is no kind %q", b.Kind)
	}
	w := &bulk{sink: s, kind: b.Kind, op: b.Op, outcomes: make([]sync.Outcome, len(b.Items))}
	items := b.Items
	if b.Op == sync.Create && (b.Kind == KindInterface || b.Kind == KindNodeInterface) && s.serves().macFirst {
		var err error
		if items, err = w.withMACs(ctx, items); err != nil {
			return nil, err
		}
	}
	var due []entry
	for i, item := range items {
		if w.outcomes[i].Err != nil {
			continue
		}
		e := entry{index: i, item: item}
		if b.Op == sync.Delete {
			e.body = json.RawMessage(`{"id":` + item.ID + `}`)
		} else {
			raw, err := body(b.Kind, b.Op, item)
			if err != nil {
				w.outcomes[i].Err = err
				continue
			}
			e.body = raw
		}
		w.outcomes[i].ID = item.ID
		due = append(due, e)
	}
	if b.Kind == KindVirtualMachine && b.Op == sync.Create {
		byType(due)
	}
	if err := w.write(ctx, due); err != nil {
		return nil, err
	}
	return w.outcomes, nil
}

// byType puts virtual machines in the order of their types. NetBox (from 4.6) counts each on the row of its type, which
// is locked until the request is through: requests side by side that lock the rows in different orders wait for each
// other, and PostgreSQL ends one.
func byType(entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return strings.Compare(refOf("virtual_machine_type")(a), refOf("virtual_machine_type")(b))
	})
}

// entry is one object of a bulk write.
type entry struct {
	index int // in the batch
	item  sync.Item
	body  json.RawMessage
	// mended says that what made NetBox refuse it was mended, and that it was sent again.
	mended bool
}

// bulk is one batch under way.
type bulk struct {
	sink     *Sink
	kind     sync.Kind
	op       sync.Op
	outcomes []sync.Outcome
}

// write sends the entries, part by part in their order, and settles each. An error is for what stands for all of them;
// once something is settled, it stands in the outcomes of the rest instead.
func (w *bulk) write(ctx context.Context, entries []entry) error {
	settled := false
	for attempt := 1; len(entries) > 0; attempt++ {
		size := min(len(entries), w.sink.pace.size(w.work()))
		again, err := w.once(ctx, entries[:size])
		if err == nil {
			entries, attempt, settled = entries[size:], 0, true
			continue
		}
		if len(again) == 0 {
			return w.stop(entries, err, settled)
		}
		entries, settled = slices.Concat(again, entries[size:]), settled || len(again) < size
		if attempt == attempts {
			return w.stop(entries, w.outcome(err), settled || !errors.Is(err, sync.ErrUnavailable))
		}
		w.sink.client.logger.DebugContext(ctx, "write again",
			"kind", w.kind, "op", w.op, "items", len(again), "attempt", attempt, "error", err)
		if err := pause(ctx, err, attempt); err != nil {
			return w.stop(entries, err, settled)
		}
	}
	return nil
}

// outcome returns why something did not land, whatever was tried. Whether it did is unknown where NetBox may have done it
// all the same; but what was to be created was looked for, and is not there.
func (w *bulk) outcome(err error) error {
	if w.op != sync.Create && unheard(err) {
		return fmt.Errorf("%w; %w", err, sync.ErrUnknownOutcome)
	}
	return err
}

// stop gives up the entries: alone, or with the whole batch.
func (w *bulk) stop(entries []entry, err error, alone bool) error {
	if !alone {
		return err
	}
	w.fail(entries, err)
	return nil
}

// once sends the entries in one request. What a passing fault kept from landing is returned with it, to be sent again. An
// error alone stands for all of them.
func (w *bulk) once(ctx context.Context, entries []entry) (again []entry, err error) {
	turn, err := w.sink.pace.begin(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := w.send(ctx, entries)
	if err == nil {
		err = w.landed(entries, raw)
	}
	turn.end(w.work(), len(entries), err)
	var status *StatusError
	var lost *LostError
	switch {
	case err == nil:
		return nil, nil
	case unheard(err):
		again, settleErr := w.settle(ctx, entries, err)
		if settleErr != nil || len(again) == 0 {
			return nil, settleErr
		}
		return again, err
	case errors.As(err, &status) && (status.Code == http.StatusTooManyRequests || status.deadlock()):
		return entries, err // not carried out
	case errors.As(err, &status):
		return nil, w.rejected(ctx, entries, status)
	case errors.As(err, &lost) && passing(err):
		return entries, err
	}
	return nil, err
}

func (w *bulk) work() work { return work{w.kind, w.op} }

func (w *bulk) method() string {
	return map[sync.Op]string{sync.Create: http.MethodPost, sync.Update: http.MethodPatch, sync.Delete: http.MethodDelete}[w.op]
}

func (w *bulk) send(ctx context.Context, entries []entry) ([]byte, error) {
	bodies := make([]json.RawMessage, len(entries))
	for i, e := range entries {
		bodies[i] = e.body
	}
	raw, err := json.Marshal(bodies)
	if err != nil {
		return nil, err
	}
	var query url.Values
	if w.op != sync.Delete {
		query = url.Values{"fields": {strings.Join(w.answered(bodies), ",")}, "exclude": {"config_context"}}
	}
	return w.sink.client.send(ctx, w.method(), tables[w.kind].path, query, raw)
}

// answered returns the fields that the answer is to hold. NetBox writes no field that it is not to answer, so all that are
// written are among them; and it knows of the defaults of custom fields, on what is created, only where it answers those.
// Of what is updated it is to answer all that is read of the kind: what that refers to NetBox then reads for all objects at
// once, and otherwise for each one that it saves, which costs up to a fifth more (measured with 4.7.3).
func (w *bulk) answered(bodies []json.RawMessage) []string {
	always := "id,custom_fields"
	if w.op == sync.Update {
		always = tables[w.kind].fields
	}
	names := map[string]bool{}
	for name := range strings.SplitSeq(always, ",") {
		names[name] = true
	}
	for _, body := range bodies {
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) == nil { // it was made by us
			for name := range fields {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// landed notes what a good answer tells: the ids of created objects, in the order of the request; and of updated ones,
// in any order, which there were. One that is not of that form is an [*oddAnswerError], and nothing is noted.
func (w *bulk) landed(entries []entry, raw []byte) error {
	odd := &oddAnswerError{w.method(), tables[w.kind].path}
	if w.op == sync.Delete {
		if len(raw) > 0 {
			return odd
		}
		return nil
	}
	type object struct {
		ID int64 `json:"id"`
	}
	var objects []object
	if err := json.Unmarshal(raw, &objects); err != nil || objects == nil || slices.Contains(objects, object{}) {
		return odd
	}
	if w.op == sync.Create {
		if len(objects) != len(entries) {
			return odd
		}
		for i, e := range entries {
			w.outcomes[e.index].ID = id(objects[i].ID)
		}
		return nil
	}
	found := map[string]bool{}
	for _, o := range objects {
		found[id(o.ID)] = true
	}
	for _, e := range entries {
		if !found[e.item.ID] { // up to NetBox 4.6 a missing object is silently left out
			w.outcomes[e.index].Err = errGone
		}
	}
	return nil
}

// errGone tells that an object was deleted while it was to be written.
var errGone = errors.New("it is no longer in NetBox: the next run makes it anew")

func (w *bulk) fail(entries []entry, err error) {
	for _, e := range entries {
		w.outcomes[e.index].Err = err
	}
}

// rejected takes out what NetBox rejected, and sends the rest again.
func (w *bulk) rejected(ctx context.Context, entries []entry, status *StatusError) error {
	if errors.Is(status, sync.ErrUnavailable) {
		return status
	}
	if len(entries) == 1 {
		reason := json.RawMessage(status.Body)
		if bad, told := parseRejections(status.Body); told {
			if its, ok := bad.of(0, entries[0].item.ID, w.op); ok {
				reason = its
			}
		}
		if mended, ok := w.reject(ctx, entries[0], status, reason); ok {
			return w.write(ctx, []entry{mended})
		}
		return nil
	}
	if status.Code == http.StatusForbidden {
		if _, single := parseRejections(status.Body); !single {
			w.fail(entries, status)
			return nil
		}
	}
	w.sink.client.logger.DebugContext(ctx, "bulk write rejected", "kind", w.kind, "op", w.op, "items", len(entries), "error", status)
	bad, _ := parseRejections(status.Body)
	var rest []entry
	told := false
	for i, e := range entries {
		reason, ok := bad.of(i, e.item.ID, w.op)
		if !ok {
			rest = append(rest, e)
			continue
		}
		told = true
		if mended, ok := w.reject(ctx, e, status, reason); ok {
			rest = append(rest, mended)
		}
	}
	if told {
		return w.write(ctx, rest)
	}
	half := len(entries) / 2 // NetBox does not say which: halve
	if err := w.write(ctx, entries[:half]); err != nil {
		return err
	}
	return w.write(ctx, entries[half:])
}

// reject settles one object that NetBox refused, or returns it to be sent again, where what was in its way is mended.
func (w *bulk) reject(ctx context.Context, e entry, status *StatusError, reason []byte) (entry, bool) {
	text := describe(reason)
	switch {
	case w.taken(ctx, e, text):
	case w.mend(ctx, e, text):
		e.mended = true
		return e, true
	case w.op == sync.Delete && isMissing(status, text):
		w.outcomes[e.index].Err = nil // it is gone, as it should be
	case w.op == sync.Update && isMissing(status, text):
		w.outcomes[e.index].Err = errGone
	case status.Code == http.StatusForbidden:
		w.outcomes[e.index].Err = status
	default:
		w.outcomes[e.index].Err = &RejectedError{Code: status.Code, Reason: text}
	}
	return entry{}, false
}
