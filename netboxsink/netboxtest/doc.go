// Package netboxtest is a fake NetBox REST API for tests: an [http.Handler] that
// answers as NetBox 4.2 to 4.7 does, refusals, texts and side effects included.
//
// [New] returns an empty [Server] that knows the token [TokenV1]. Put it behind
// an httptest.Server and point a client at it. [Server.Create], [Server.Edit]
// and [Server.Delete] act as a person in the web interface, [Server.Inject] makes
// requests fail, [Server.Requests] and [Server.Changes] tell what happened.
//
// It serves, with list and detail routes under /api/: extras (tags,
// custom-fields, custom-field-choice-sets, journal-entries), tenancy/tenants,
// dcim (sites, locations, manufacturers, device-types, device-roles, platforms,
// devices, interfaces, mac-addresses), virtualization (cluster-types,
// cluster-groups, clusters, virtual-machine-types, virtual-machines, interfaces,
// virtual-disks), ipam (ip-addresses, prefixes, vlans, vlan-groups, vrfs),
// core/object-changes, status, authentication-check and
// users/tokens/provision. What a NetBox refuses, it refuses: transactions,
// unique constraints, validation, permissions, protected and cascading deletes.
//
// It has no background worker, no web pages, no GraphQL, no plugins and no
// object-level permissions; fields that refer to object types it does not have
// accept only null.
package netboxtest
