package backend_test

import (
	"net/http"
	"time"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// fault is something that goes wrong with a request to an end.
type fault struct {
	name string
	// strike makes it happen to the request that is about to be sent, or, if it stays, to all from that one on. There is none
	// for an end where it makes no sense; absent says why.
	strike map[string]func(l *faultLab, r *http.Request, stays bool)
	absent string
	// lasts says that it cannot go by itself: it is there until somebody acts.
	lasts bool
	// want is the outcome at an end by its first letter: at each place, once and from then on.
	want map[string]string
	// told is what must be said of it at an end: what happened, where, and what to do as far as that can be known. It is a
	// regular expression for one of the sentences.
	told map[string]string
}

// faults are all that is in the matrix.
func faults() []fault {
	const (
		lost   = `(the connection to NetBox at https://netbox\.example\.com broke during [A-Z]+ /api/|NetBox does not answer since: the next run will tell)`
		broke  = `the connection to pve\.example\.com:8006 broke`
		silent = `NetBox at https://netbox\.example\.com did not answer [A-Z]+ /api/\S+ within 2m0s`
		slow   = `(pve\.example\.com:8006 does not answer in time: check that the node is up)`
	)
	answer := func(status int, reason, body string) func(*faultLab, *http.Request, bool) {
		return onProxmox(proxmoxtest.Fault{Status: status, Reason: reason, Body: body})
	}
	says := func(status int, body string) func(*faultLab, *http.Request, bool) {
		return onNetBox(netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: status, Body: body})
	}
	both := func(netbox, proxmox func(*faultLab, *http.Request, bool)) map[string]func(*faultLab, *http.Request, bool) {
		all := map[string]func(*faultLab, *http.Request, bool){}
		if netbox != nil {
			all[atNetBox] = netbox
		}
		if proxmox != nil {
			all[atProxmox] = proxmox
		}
		return all
	}
	at := func(netbox, proxmox string) map[string]string {
		return map[string]string{atNetBox: netbox, atProxmox: proxmox}
	}
	const (
		odd = `(NetBox's answer to [A-Z]+ /api/\S+ is no list: is a proxy in between\?|does not answer as a NetBox does: is the URL that of NetBox\?|` +
			`NetBox's answer to [A-Z]+ /api/\S+ tells nothing of what was written: is a proxy in between\?)`
		shortened = odd + `|NetBox at https://netbox\.example\.com has the \S+ \S+ of the source lab, and did not list it a moment ago: nothing is written`
	)
	const readsOnly = "it is only read: nothing is committed"
	return []fault{
		{
			name: "connection refused", strike: both(refuse(atNetBox), refuse(atProxmox)),
			want: at("aeaeaeae", "auauauaa"),
			told: at(`NetBox at https://netbox\.example\.com cannot be reached .*: is it running, and is the URL right\?`,
				`pve\.example\.com:8006 refuses the connection: check address and port`),
		},
		{
			name: "reset", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultReset}), onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultReset})),
			want: at("aeaeaeae", "auauauaa"),
			told: at(lost, broke),
		},
		{
			name: "time-out before the commit", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultHang}), onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultHang})),
			want: at("aeaeaeae", "auauauaa"),
			told: at(silent, slow),
		},
		{
			name: "time-out after the commit", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultHang, Committed: true}), nil),
			absent: readsOnly,
			want:   at("aeaeaeae", ""),
			told:   at(silent, ""),
		},
		{
			name: "half a body", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultTruncate}), onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultTruncate})),
			want: at("aeaeaeae", "auauauaa"),
			told: at(lost, broke),
		},
		{
			name: "slow drip", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultDrip, Delay: 10 * time.Second}),
				onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultDrip, Delay: 10 * time.Second})),
			want: at("aeaeaeae", "auauauaa"),
			told: at(silent, slow),
		},
		{
			name: "400", strike: both(says(400, `{"name":["This field is odd."]}`),
				answer(400, "Parameter verification failed.", `{"data":null,"errors":{"current":"type check failed"}}`)),
			want: at("eeeepppp", "uuuunnaa"),
			told: at(`(NetBox answered 400 to GET /api/\S+: name: This field is odd\.|NetBox rejects it: name: This field is odd\.)`,
				`Proxmox VE at pve\.example\.com:8006 answered 400 to GET /\S+: Parameter verification failed\. current: type check failed`),
		},
		{
			name: "403", strike: both(says(403, `{"detail":"You do not have permission to perform this action."}`),
				answer(403, "Permission check failed (/vms/102, VM.Audit)", `{"data":null}`)),
			want: at("eeeepppp", "uuuunnaa"),
			told: at(`NetBox refuses [A-Z]+ /api/\S+: the token's user may not .*: grant it in NetBox \(Admin, Permissions\)`,
				`token proxbox@pve!sync lacks the privilege VM\.Audit on /vms/102: run pveum acl modify`),
		},
		{
			name: "404", strike: both(says(404, `{"detail":"No object matches the given query."}`), answer(404, "No such file", "")),
			want: at("eeeepppp", "uuuunnaa"),
			told: at(`(NetBox (answered 404 to [A-Z]+ /api/\S+|rejects it): No object matches the given query\.|it is no longer in NetBox: the next run makes it anew)`,
				`Proxmox VE at pve\.example\.com:8006 answered 404 to GET /\S+: No such file`),
		},
		{
			name: "409", strike: both(says(409, `{"detail":"Unable to delete object. 1 dependent objects were found."}`), nil),
			absent: "Proxmox VE has no such answer",
			want:   at("eeeepppp", ""),
			told:   at(`NetBox (answered 409 to [A-Z]+ /api/\S+|rejects it): Unable to delete object`, ""),
		},
		{
			name: "429", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultBusy, Delay: 7 * time.Second}),
				onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Status: 429, Header: http.Header{"Retry-After": {"7"}}})),
			want: at("aeaeapap", "auaunuaa"),
			told: at(`NetBox answered 429 to [A-Z]+ /api/\S+: Request was throttled\.`,
				`a proxy before pve\.example\.com:8006 answered 429 to GET /\S+: Proxmox VE is down, too slow, or not behind that URL`),
		},
		{
			name: "500 deadlock", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultDeadlock}), nil),
			absent: "Proxmox VE has no database",
			want:   at("aeaeapap", ""),
			told:   at(`NetBox answered 500 to [A-Z]+ /api/\S+: deadlock detected`, ""),
		},
		{
			name: "502 page", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultGateway}),
				onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Status: 502})),
			want: at("aeaeaeae", "auaunuaa"),
			told: at(`the proxy before NetBox at https://netbox\.example\.com answered 502 to [A-Z]+ /api/\S+: NetBox is down or too slow`,
				`a proxy before pve\.example\.com:8006 answered 502 to GET /\S+: Proxmox VE is down, too slow, or not behind that URL`),
		},
		{
			name: "504 page after the commit", strike: both(onNetBox(netboxtest.Fault{Kind: netboxtest.FaultGateway, Status: 504, Committed: true}),
				onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Status: 504})),
			want: at("aeaeaeae", "auaunuaa"),
			told: at(`the proxy before NetBox at https://netbox\.example\.com answered 504 to [A-Z]+ /api/\S+: NetBox is down or too slow`,
				`a proxy before pve\.example\.com:8006 answered 504 to GET /\S+: Proxmox VE is down, too slow, or not behind that URL`),
		},
		{
			name: "595", strike: both(nil, answer(595, "No route to host", "")), absent: "it is pveproxy's own",
			want: at("", "uuuunnaa"),
			told: at("", `node (n\d|at pve\.example\.com:8006) is not reachable from pve\.example\.com:8006 \(No route to host\): start it or mend its network`),
		},
		{
			name: "596", strike: both(nil, answer(596, "Connection timed out", "")), absent: "it is pveproxy's own",
			want: at("", "uuuuanaa"),
			told: at("", `node (n\d|at pve\.example\.com:8006) does not answer pve\.example\.com:8006 \(Connection timed out\): look at pveproxy and pvedaemon there`),
		},
		{
			name: "JSON of a wrong type", strike: both(says(200, `{"count":"many","results":"none"}`), answer(200, "", `{"data":42}`)),
			want: at("eeeeaeae", "uuuunnaa"),
			told: at(odd, `the answer of pve\.example\.com:8006 to GET /\S+ .*: is the URL that of Proxmox VE\?`),
		},
		{
			name: "an empty list", strike: both(says(200, `{"count":0,"next":null,"previous":null,"results":[]}`), answer(200, "", `{"data":[]}`)),
			want: at("eeepaeae", "uuuunnaa"),
			told: at(shortened, `the answer of pve\.example\.com:8006 to GET /\S+ .*: is the URL that of Proxmox VE\?`),
		},
		{
			name: "redirect", strike: both(
				onNetBox(netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: 302, Header: http.Header{"Location": {"https://login.example.com/?next=1"}}}),
				onProxmox(proxmoxtest.Fault{Status: 302, Header: http.Header{"Location": {"https://login.example.com/?next=1"}}})),
			want: at("eeeeeeee", "auaunuaa"),
			told: at(`NetBox at https://netbox\.example\.com redirects to https://login\.example\.com/: set the URL to that`,
				`the answer of pve\.example\.com:8006 to GET /\S+ is a redirect to https://login\.example\.com`),
		},
		{
			name: "certificate change", strike: both(changeCertificate(atNetBox), changeCertificate(atProxmox)), lasts: true,
			want: at("-e-e-e-e", "-u-u-u-a"),
			told: at(`the certificate of NetBox at https://netbox\.example\.com is not trusted .*: set ca_file to its CA`,
				`the certificate of pve\.example\.com:8006 has the fingerprint \S+, expected is \S+: if it was renewed, compare`),
		},
	}
}

// onNetBox is a fault in NetBox's answers.
func onNetBox(f netboxtest.Fault) func(*faultLab, *http.Request, bool) {
	return func(l *faultLab, r *http.Request, stays bool) {
		f := f
		if stays {
			f.Times = -1
		} else {
			f.Method, f.Path = r.Method, r.URL.Path
		}
		l.netbox.Inject(f)
	}
}

// onProxmox is a fault in Proxmox VE's answers.
func onProxmox(f proxmoxtest.Fault) func(*faultLab, *http.Request, bool) {
	return func(l *faultLab, r *http.Request, stays bool) {
		f := f
		if !stays {
			f.Pattern, f.Times = r.Method+" "+r.URL.Path[len(proxmoxtest.BasePath):], 1
		}
		l.cluster.Inject(f)
	}
}

// refuse is an end that takes no connection.
func refuse(at string) func(*faultLab, *http.Request, bool) {
	return func(l *faultLab, _ *http.Request, stays bool) {
		l.ends[at].wire.refusals.Store(map[bool]int64{true: -1, false: 1}[stays])
		l.ends[at].restart()
	}
}

// changeCertificate is an end that is started again with another certificate.
func changeCertificate(at string) func(*faultLab, *http.Request, bool) {
	return func(l *faultLab, _ *http.Request, _ bool) {
		l.ends[at].wire.certificate.Store(certificates()[1])
		l.ends[at].restart()
	}
}
