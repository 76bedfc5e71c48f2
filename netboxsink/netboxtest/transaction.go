package netboxtest

// transaction is one request's writes: applied at once, undone as a whole or
// back to a savepoint.
type transaction struct {
	*store
	account   *account
	requestID string
	message   string // the current item's changelog_message
	validate  Validator
	undo      []replacement
	changes   []*change
}

type replacement struct {
	table         *table
	before, after *object
}

// savepoint marks how far a transaction had come.
type savepoint struct{ undo, changes int }

func (t *transaction) save() savepoint {
	return savepoint{len(t.undo), len(t.changes)}
}

// rollback undoes everything since the savepoint. Ids that were handed out stay
// used, as sequences do in PostgreSQL.
func (t *transaction) rollback(to savepoint) {
	for i := len(t.undo) - 1; i >= to.undo; i-- {
		r := t.undo[i]
		r.table.put(r.after, r.before)
	}
	t.undo = t.undo[:to.undo]
	t.changes = t.changes[:to.changes]
}

// commit moves the transaction's change rows into the log.
func (t *transaction) commit() {
	for _, c := range t.changes {
		c.id = len(t.log) + 1
		t.log = append(t.log, c)
	}
	t.changes, t.undo = nil, nil
}

// replace stores after in the place of before, without a change row and without
// moving last_updated: what NetBox does by a queryset update.
func (t *transaction) replace(before, after *object) {
	o := after
	if o == nil {
		o = before
	}
	table := t.tables[o.model.label]
	table.put(before, after)
	t.undo = append(t.undo, replacement{table, before, after})
}

// current returns the newest state of an object, nil once it is deleted.
func (t *transaction) current(o *object) *object {
	return t.get(o.model.label, o.id)
}

// insert stores a new object and logs its creation.
func (t *transaction) insert(o *object) *object {
	table := t.tables[o.model.label]
	o.id = table.next
	table.next++
	o.created = t.now()
	o.updated = o.created
	t.replace(nil, o)
	t.record(actionCreate, nil, o)
	return o
}

// update stores a changed object, moves last_updated, and logs the difference
// if there is any.
func (t *transaction) update(before, after *object) *object {
	after.updated = t.now()
	t.replace(before, after)
	if !sameValues(before, after) {
		t.record(actionUpdate, before, after)
	}
	return after
}

// relink stores an object whose many-to-many references changed on their own: a
// change row, but last_updated stays.
func (t *transaction) relink(before, after *object) {
	t.replace(before, after)
	t.record(actionUpdate, before, after)
}

func (t *transaction) record(action string, before, after *object) {
	o := after
	if o == nil {
		o = before
	}
	if !o.model.logged {
		return
	}
	t.changes = append(t.changes, &change{
		at: t.now(), action: action, model: o.model, object: o.id,
		repr: o.model.display(t.store, o), before: before, after: after,
		requestID: t.requestID, user: t.account.user(), message: t.message,
	})
}
