package netboxtest

import "fmt"

// release says how one NetBox minor release differs from its neighbours. Each
// field is one row of the difference table; the newest patch of every minor is
// modelled (4.2.9, 4.3.7, 4.4.10, 4.5.10, 4.6.10, 4.7.3).
type release struct {
	minor int    // 2 for 4.2
	full  string // what /api/status/ tells

	secondTokens        bool // v2 tokens, Bearer keyword, /api/authentication-check/ (4.5)
	omit                bool // ?omit= (4.5.2)
	cursor              bool // ?start= (4.6)
	etag                bool // ETag and If-Match (4.6)
	tagDeltas           bool // add_tags, remove_tags (4.6)
	changelogMessage    bool // changelog_message is stored (4.4)
	itemwiseBulk        bool // bulk POST item by item, structured errors, unknown ids refused (4.7)
	background          bool // ?background=true (4.7)
	writableMAC         bool // mac_address on interfaces may be written (4.7)
	adoptsPrimaryMAC    bool // creating an interface assigns its unassigned primary MAC (4.4.2)
	labelledSelection   bool // select custom fields read as {value,label} (4.7)
	refusesUnknownCF    bool // an unknown custom field is an error, not dropped (4.5.8)
	singleConstraints   bool // one constraint where 4.6 has two, one of them for null (4.7)
	wholeAssignment     bool // half a generic relation is refused by the serializer (4.7)
	typedMachines       bool // virtual machine types, machines on a lone device (4.6)
	checksAssigned      bool // assigned_object_id must exist (4.7)
	clientErrorsAreAll  bool // serializer errors without a field are keyed __all__ (4.7)
	contextIsOptional   bool // exclude=config_context has an effect (until 4.6)
	lookupNeedsView     bool // references by attributes need the view permission (4.6.6)
	alwaysVersioned     bool // API-Version on every answer, whatever the content type (4.3.6)
	bareVersion         bool // netbox-version without suffix, netbox-full-version beside it (4.3)
	underscoredApps     bool // installed_apps and hostname in the status (4.4)
	tenantInNameMessage bool // "per cluster and tenant" instead of "per cluster" (4.7)
	writesLooseSlash    bool // a write without trailing slash is redirected and loses its body (before 4.5.9)
}

// releaseOf returns the release named "4.2" … "4.7"; the empty name is the newest.
func releaseOf(version string) (*release, error) {
	full := map[string]string{
		"4.2": "4.2.9", "4.3": "4.3.7", "4.4": "4.4.10",
		"4.5": "4.5.10", "4.6": "4.6.10", "4.7": "4.7.3",
	}
	if version == "" {
		version = "4.7"
	}
	patch, ok := full[version]
	if !ok {
		return nil, fmt.Errorf("netboxtest: unknown NetBox version %q: use 4.2, 4.3, 4.4, 4.5, 4.6 or 4.7", version)
	}
	minor := int(version[2] - '0')
	return &release{
		minor:               minor,
		full:                patch,
		secondTokens:        minor >= 5,
		omit:                minor >= 5,
		cursor:              minor >= 6,
		etag:                minor >= 6,
		tagDeltas:           minor >= 6,
		changelogMessage:    minor >= 4,
		itemwiseBulk:        minor >= 7,
		background:          minor >= 7,
		writableMAC:         minor >= 7,
		adoptsPrimaryMAC:    minor >= 4,
		labelledSelection:   minor >= 7,
		refusesUnknownCF:    minor >= 5,
		singleConstraints:   minor >= 7,
		wholeAssignment:     minor >= 7,
		typedMachines:       minor >= 6,
		checksAssigned:      minor >= 7,
		clientErrorsAreAll:  minor >= 7,
		contextIsOptional:   minor <= 6,
		lookupNeedsView:     minor >= 6,
		alwaysVersioned:     minor >= 3,
		bareVersion:         minor >= 3,
		underscoredApps:     minor >= 4,
		tenantInNameMessage: minor >= 7,
		writesLooseSlash:    minor <= 4,
	}, nil
}

// nonFieldKey is the key of a serializer's errors that belong to no field. Model
// errors are keyed __all__ in every release.
func (r *release) nonFieldKey() string {
	if r.clientErrorsAreAll {
		return "__all__"
	}
	return "non_field_errors"
}
