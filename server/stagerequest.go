package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// branchOption is the option by which the newest plugin names the branch of NetBox that is to be written to, in place of
// its main data.
const branchOption = "netbox_branch_schema_id"

var errBranch = errors.New("this backend does not write to branches of NetBox, and nothing was written: " +
	"switch branching off in the settings of the plugin")

// stageOrder returns what the newest plugin asks for with a request. alone says why there is nothing to do, if so. The
// error is a sentence for the operator.
func (s *Server) stageOrder(p stagePath, request *http.Request) (o order, alone string, err error) {
	query := request.URL.Query()
	o = order{stream: streamOf(p.stage), rows: s.rows.snapshot()}
	if query.Get(branchOption) != "" {
		return o, "", errBranch
	}
	if o.scope.Sources, err = s.sourcesOf(o.rows, query); err != nil {
		return o, "", err
	}
	kinds := stageKinds(p.stage)
	switch {
	case len(kinds) == 0:
		return o, leftAlone(p.stage), nil
	case p.stage == sse.StageNodeInterfaces && len(numbersIn(query["netbox_vm_ids"])) > 0:
		// The plugin's choice "network interfaces" is this stage and that of the virtual machines: the latter does it.
		return o, "Virtual machines are asked for, and it is about nodes: NetBox is left as it is.", nil
	}
	leaves, policy := readOptions(query)
	o.policy = policy
	if p.stage != sse.StageFullUpdate || len(leaves) > 0 { // a full update is everything, whatever kinds there are
		o.scope.Kinds = slices.DeleteFunc(kinds, func(k sync.Kind) bool { return slices.Contains(leaves, k) })
		if !slices.ContainsFunc(o.scope.Kinds, func(k sync.Kind) bool { return isAbout(p.stage, k) }) {
			return o, "The sync modes leave it out: NetBox is left as it is.", nil
		}
	}
	o.scope.Guests, err = s.guestsOf(request.Context(), o, query, request.PathValue("id"))
	return o, "", err
}

// isAbout tells whether a stage is there for the kind, and does not write it only because it has to.
func isAbout(stage sse.Stage, kind sync.Kind) bool {
	switch stage {
	case sse.StageAddresses:
		return kind == "ip-address"
	case sse.StageInterfaces:
		return kind == "vm-interface"
	case sse.StageNodeInterfaces:
		return kind == "node-interface"
	}
	return true
}

// sourcesOf returns the sources of the rows that a query names by proxmox_endpoint_ids; none for all.
func (s *Server) sourcesOf(rows Endpoints, query url.Values) ([]string, error) {
	ids := numbersIn(query["proxmox_endpoint_ids"])
	if len(ids) == 0 {
		return nil, nil
	}
	var names []string
	for _, id := range ids {
		at := slices.IndexFunc(rows.Proxmox, func(row ProxmoxEndpoint) bool { return strconv.Itoa(row.ID) == id })
		if at < 0 {
			return nil, fmt.Errorf("the Proxmox endpoint %.20q is not known here: save it in NetBox again", id)
		}
		row := rows.Proxmox[at]
		name := s.backend.Source(rows, row)
		switch known, err := s.sources(rows); {
		case err != nil:
			return nil, err
		case name == "": // the backend makes nothing of rows
			return nil, nil
		case known != nil && !slices.Contains(known, name):
			return nil, fmt.Errorf("the Proxmox endpoint %s is switched off: enable it in NetBox", row.Name)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// guestsOf returns the guests that a request names by the numbers of their virtual machines in NetBox, in its path or by
// netbox_vm_ids; none for all.
func (s *Server) guestsOf(ctx context.Context, o order, query url.Values, inPath string) ([]sync.GuestRef, error) {
	ids := numbersIn(query["netbox_vm_ids"])
	if inPath != "" {
		ids = []string{inPath}
	}
	var guests []sync.GuestRef
	for _, id := range ids {
		number, err := strconv.ParseInt(id, 10, 64)
		if err != nil || number <= 0 {
			return nil, fmt.Errorf("%.20q is no number of a virtual machine in NetBox", id)
		}
		guest, err := s.backend.Guest(ctx, o.rows, number)
		switch {
		case err != nil:
			return nil, err
		case !o.scope.HasSource(guest.Source):
			return nil, fmt.Errorf("the virtual machine %d is guest %d of %s, which is none of the endpoints that are asked for",
				number, guest.ID, guest.Source)
		}
		if !slices.Contains(guests, guest) {
			guests = append(guests, guest)
		}
	}
	if len(guests) > 0 && o.stream == sse.Devices {
		return nil, errors.New("the stage devices is about no virtual machines")
	}
	return guests, nil
}

// numbersIn returns the elements of lists that are separated by commas.
func numbersIn(lists []string) []string {
	return strings.FieldsFunc(strings.Join(lists, ","), func(r rune) bool { return r == ',' || r == ' ' })
}
