package sync

import (
	"context"
	"errors"
	"slices"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// confirm asks the sources whether the guests are gone indeed whose absence the desired records follow from, and returns
// the records with those units left alone of which that is not sure.
func (r *run) confirm(desired *State, inventories []*inventory.Inventory) (*State, error) {
	doubts := r.ask(r.questions(desired, inventories))
	if err := context.Cause(r.ctx); err != nil || len(doubts) == 0 {
		return desired, err
	}
	sure := &State{Records: slices.Clone(desired.Records), Asked: desired.Asked}
	for i := range sure.Records {
		record := &sure.Records[i]
		if doubt := doubts[record.Gone]; doubt != nil && record.Skip == "" {
			record.Skip = doubt.Error()
			sure.Holds = append(sure.Holds, Hold{Unit: record.Unit, Reason: record.Skip})
		}
	}
	sure.Holds = append(sure.Holds, desired.Holds...) // the first hold is the one that is told
	return sure, nil
}

// questions returns, by source, the guests to ask about. One whose VMID stands in the inventory has left it to another:
// that is not asked, and the answer would be about the other.
func (r *run) questions(desired *State, inventories []*inventory.Inventory) map[string][]int {
	known := map[GuestRef]bool{{}: true}
	for _, inv := range inventories {
		for _, g := range inv.Guests {
			known[GuestRef{inv.Source, g.ID}] = true
		}
	}
	questions := map[string][]int{}
	for i := range desired.Records {
		record := &desired.Records[i]
		if gone := record.Gone; !known[gone] && record.Skip == "" && r.scope.hasUnit(record) {
			known[gone] = true
			questions[gone.Source] = append(questions[gone.Source], gone.ID)
		}
	}
	return questions
}

var errNoAnswer = errors.New("the source does not tell whether it is gone")

// ask asks the sources beside each other and returns the guests that are not to be taken for gone, with the reason.
func (r *run) ask(questions map[string][]int) map[GuestRef]error {
	doubts := map[GuestRef]error{}
	var tasks []func(post func(func()))
	for _, source := range r.engine.sources {
		guests := questions[source.Name()]
		confirmer, ok := source.(Confirmer)
		if !ok || len(guests) == 0 {
			continue
		}
		tasks = append(tasks, func(post func(func())) {
			answers := slices.Repeat([]error{errNoAnswer}, len(guests))
			copy(answers, confirmer.ConfirmGone(r.ctx, guests))
			post(func() {
				for i, id := range guests {
					if answers[i] != nil {
						doubts[GuestRef{source.Name(), id}] = answers[i]
					}
				}
			})
		})
	}
	together(len(tasks), tasks)
	return doubts
}
