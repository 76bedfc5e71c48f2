package backend

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/server"
)

// cluster is one source, with the pushed rows that stand for it.
type cluster struct {
	name    string
	rows    []int // their numbers
	enabled bool

	own       *proxmoxsrc.Source // of the configuration, else nil
	addresses []string           // of its nodes, host and port
	user      string

	row server.ProxmoxEndpoint // whose login is used, without own
}

// merged returns each cluster once: those of the configuration, and those of the rows that are none of these. Rows that
// are one cluster have the name of the first and the login of the last that is enabled: after an endpoint was deleted and
// made again in NetBox, only the younger one is kept up to date, for the plugin does not take the older one away.
func (b *Backend) merged(rows server.Endpoints) []cluster {
	all := make([]cluster, 0, len(b.clusters)+len(rows.Proxmox))
	for _, c := range b.clusters {
		c.rows = nil
		all = append(all, c)
	}
	pushed := slices.Clone(rows.Proxmox)
	slices.SortFunc(pushed, func(a, b server.ProxmoxEndpoint) int { return cmp.Compare(a.ID, b.ID) })
	for _, row := range pushed {
		at := slices.IndexFunc(all, func(c cluster) bool { return c.means(row) })
		if at < 0 {
			at = len(all)
			all = append(all, cluster{name: freeName(all, row), row: row})
		}
		c := &all[at]
		c.rows = append(c.rows, row.ID)
		if row.Enabled {
			c.row, c.enabled = row, true
		}
	}
	return all
}

// means tells whether a row stands for the cluster: host, port and user are the same.
func (c *cluster) means(row server.ProxmoxEndpoint) bool {
	if c.own == nil {
		return c.row.SameCluster(row)
	}
	return c.user == row.Username && slices.Contains(c.addresses, address(row.URL()))
}

// freeName returns the name of the row's source. One that the configuration has gives way to one with the row's number.
func freeName(all []cluster, row server.ProxmoxEndpoint) string {
	name := row.SourceName()
	for slices.ContainsFunc(all, func(c cluster) bool { return c.name == name }) {
		name += "-" + strconv.Itoa(row.ID)
	}
	return name
}

// clusterOf returns the cluster that a row stands for, nil if the row is none of the rows.
func (b *Backend) clusterOf(rows server.Endpoints, row server.ProxmoxEndpoint) *cluster {
	all := b.merged(rows)
	at := slices.IndexFunc(all, func(c cluster) bool { return slices.Contains(c.rows, row.ID) })
	if at < 0 {
		return nil
	}
	return &all[at]
}

// loginOf returns how the cluster of pushed rows is read: with the token, where the row has one.
func loginOf(c cluster) login {
	l := login{name: c.name, url: c.row.URL(), insecure: !c.row.VerifySSL}
	if c.row.TokenName != "" && c.row.TokenValue != "" {
		id := c.row.TokenName
		if !strings.Contains(id, "!") {
			id = c.row.Username + "!" + id
		}
		l.token = id + "=" + c.row.TokenValue.Reveal()
	} else {
		l.username, l.password = c.row.Username, c.row.Password.Reveal()
	}
	return l
}

// user returns the user of a configured cluster.
func (p Proxmox) user() string {
	if p.Token == "" {
		return p.Username
	}
	id, _, _ := strings.Cut(p.Token, "=")
	user, _, _ := strings.Cut(id, "!")
	return user
}

// addresses returns host and port of each URL.
func addresses(urls []string) []string {
	var all []string
	for _, u := range urls {
		all = append(all, address(u))
	}
	return all
}

func address(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), cmp.Or(u.Port(), "8006"))
}
