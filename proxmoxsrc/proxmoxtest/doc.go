// Package proxmoxtest is a faithful fake of the Proxmox VE API: an [Estate]
// (one cluster or one standalone node with its guests) served by a [Server],
// which is an [net/http.Handler].
//
// The estate is the model and the answers are rendered from it, so a test reads
// what it expects (CPU count, memory, disk bytes, addresses) from the same
// structs, independently of the code under test. Estates are written by hand,
// where the zero value of nearly every field is a sensible one, or made by
// [Generate] from a seed. [Alpha], [Beta] and [Gamma] are three that are full of
// quirks.
//
// The server refuses as Proxmox VE refuses: the error text is the HTTP reason
// phrase, errors close the connection, bodies differ by release, lists are
// filtered by privilege where single objects answer 403, calls for a dead node
// answer 595. It records every request, counts anything that would write as a
// violation, injects faults, and changes the estate between two requests.
//
// It needs nothing but the standard library, so that a program may link it for
// a demonstration. A test usually starts it with httptest:
//
//	fake := proxmoxtest.New(&proxmoxtest.Estate{Cluster: "alpha"}, nil)
//	server := httptest.NewTLSServer(fake)
//	tokenID, secret := fake.Token()
//
// # Limits
//
// Only the calls a read-only client needs exist; any other path is answered 501
// as by a Proxmox VE that lacks it. TLS, the idle timeout of connections and
// the port belong to the HTTP server around the handler. The limit of four
// proxied connections per target node inside one pveproxy worker is not
// reproduced.
package proxmoxtest
