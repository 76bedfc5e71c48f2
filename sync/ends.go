package sync

import (
	"context"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Source is an estate to be read. It may be a [Confirmer] too.
type Source interface {
	// Name is the source's configured name. It is identity: what was written under one name is never touched under
	// another. It is not empty, holds no slash and never changes.
	Name() string
	// Inventory reads the estate, or of it what the scope asks for. An error is a gap over the whole source: nothing of
	// it is changed or removed, and the run goes on with the other sources. A part that cannot be read is a gap in the
	// inventory, not an error. The inventory is the caller's.
	//
	// Implementations honour ctx, are safe for concurrent use, keep secrets out of errors and gaps, and may tell their
	// progress by [Report].
	Inventory(ctx context.Context, scope Scope) (*inventory.Inventory, error)
}

// Confirmer is a [Source] that can tell for sure whether a guest is gone, where its inventory has only what may be seen: a
// guest that is hidden from the source is not in there either.
type Confirmer interface {
	// ConfirmGone is asked about guests that the inventory lacks, by VMID, before the run does something because they are
	// gone. It returns one error for each guest, in their order: nil if no guest has the VMID any more, else a sentence that
	// says why this one is not to be taken for gone, which may be that it could not be found out, and what to do.
	//
	// Implementations honour ctx, are safe for concurrent use and keep secrets out of errors.
	ConfirmGone(ctx context.Context, guests []int) []error
}

// Sink is where the estate is kept true.
//
// All methods are safe for concurrent use and honour ctx. States are read-only once returned or passed.
type Sink interface {
	// Kinds lists the kinds that the sink writes, in the order in which they are written: what refers comes after what
	// is referred to. Units of one kind are put in such an order by the engine; no circle of references may lead
	// through several of them. It never changes.
	Kinds() []KindInfo
	// Current reads what is ours, by mark, with everything that hangs on it, and knows no inventory: it runs beside
	// the reading of the sources. The scope names its sources.
	Current(ctx context.Context, scope Scope) (*State, error)
	// Desired translates inventories into the records that should be. It is pure: the same arguments give the same
	// records, and nothing else is read. It is called again when Lookup has added to current. What is to be deleted at the
	// top of a unit is desired too, with Remove; Apply's delete of it takes along what hangs on it, and nothing else.
	Desired(inventories []*inventory.Inventory, current *State) (*State, error)
	// Lookup reads what stands, ours or not, under the names and claims that the desired records need and current
	// lacks: to refer to, to take over, to avoid, to report. It returns nil when there is nothing to look up that was
	// not looked up for an earlier desired of the same run; what was is told by current alone.
	Lookup(ctx context.Context, desired, current *State) (*State, error)
	// Apply writes one batch and returns one outcome for each item, in their order. The error is for a batch that did
	// not happen at all; it then stands for every item. If it wraps [ErrUnavailable], the run ends.
	Apply(ctx context.Context, b Batch) ([]Outcome, error)
}

// Level tells where in the order of writing a kind has its place.
type Level int

// The levels.
const (
	// Shared objects are written first and belong to no unit.
	Shared Level = iota
	// Unit objects are at the top of a unit.
	Unit
	// Child objects hang on a unit.
	Child
)

// KindInfo tells how the engine writes a kind.
type KindInfo struct {
	Kind  Kind
	Level Level
	// Stage groups units for the eyes of a watcher: "devices". It is set on the kinds of level Unit only.
	Stage string
	// Batch is the most items that one Apply gets; 0 means 100.
	Batch int
	// Serial says that creations of this kind must not run beside each other.
	Serial bool
}

// Batch is one bulk write: items of one kind, all created, all updated or all deleted.
type Batch struct {
	Kind  Kind
	Op    Op // Create, Update or Delete
	Items []Item
}

// Item is one object of a batch.
type Item struct {
	Key   Key
	Unit  Key // as in [Record.Unit]
	Label string
	ID    string // empty on a create
	// Fields holds what is to be written: everything on a create, the changes on an update, nothing on a delete.
	Fields map[string]Value
	// Refs holds the reference fields among them with the ids of what they refer to. One that is cleared is null in
	// Fields instead.
	Refs map[string][]string
}

// Outcome is what became of an item.
type Outcome struct {
	ID string // of the object that was written
	// Err is nil for a write that landed. It wraps [ErrUnknownOutcome] when the answer was lost and could not be found
	// out.
	Err error
}
