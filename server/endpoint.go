package server

import (
	"encoding/json"
	"log/slog"
	"net"
	"strconv"
	"strings"
)

// Secret is a text that does not show: in JSON it is null, in a log or a message "(secret)".
type Secret string

// String returns "(secret)", or nothing for an empty one.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(secret)"
}

// GoString is String: for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue is String, for [slog].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON returns null.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// Endpoints are the rows that were entered in NetBox and pushed by its plugin. What is configured otherwise is the
// backend's own affair.
type Endpoints struct {
	NetBox  *NetBoxEndpoint // nil if none was pushed
	Proxmox []ProxmoxEndpoint
}

// NetBoxEndpoint is the NetBox that the plugin runs in.
type NetBoxEndpoint struct {
	ID        int
	Name      string
	Domain    string
	IPAddress string
	Port      int
	VerifySSL bool
	// TokenVersion is "v1" or "v2"; of a v2 token Token is the secret part and TokenKey the key.
	TokenVersion string
	TokenKey     string
	Token        Secret
	Enabled      bool
}

// URL returns where the NetBox is. It speaks TLS on port 443 and where its certificate is to be verified, as the plugin
// has it.
func (e NetBoxEndpoint) URL() string {
	scheme := "http"
	if e.Port == 443 || e.VerifySSL {
		scheme = "https"
	}
	return scheme + "://" + hostPort(e.Domain, e.IPAddress, e.Port)
}

// FullToken returns the token as NetBox takes it.
func (e NetBoxEndpoint) FullToken() Secret {
	token := e.Token.Reveal()
	if e.TokenVersion == "v2" && e.TokenKey != "" && !strings.HasPrefix(token, "nbt_") {
		return Secret("nbt_" + strings.TrimPrefix(e.TokenKey, "nbt_") + "." + token)
	}
	return e.Token
}

// ProxmoxEndpoint is a Proxmox VE cluster, or a standalone node, by one of its nodes.
type ProxmoxEndpoint struct {
	ID int
	// Name is the plugin's, with the number of its own row: "lab (nb:1)".
	Name      string
	Domain    string
	IPAddress string
	Port      int
	Username  string // "root@pam"
	Password  Secret
	// TokenName and TokenValue are those of an API token of the user.
	TokenName  string
	TokenValue Secret
	VerifySSL  bool
	Enabled    bool
	// Source is the name of the source that the row stands for. It is given when the row is made, and stays: what was
	// written to NetBox under it is this cluster's, whatever becomes of the row's name and of other rows.
	Source string
	// Extra has what else the plugin pushed, by field, for it to be given back as it came.
	Extra map[string]json.RawMessage
}

// URL returns where the node is.
func (e ProxmoxEndpoint) URL() string { return "https://" + hostPort(e.Domain, e.IPAddress, e.Port) }

// SourceName returns the name of the source that the row stands for; without one, that of the row without its number:
// "lab" for "lab (nb:1)".
func (e ProxmoxEndpoint) SourceName() string {
	if e.Source != "" {
		return e.Source
	}
	name, _ := e.numbered()
	return strings.ReplaceAll(name, "/", "-")
}

// numbered returns the row's name without its number, and that: the one in its name, else its own.
func (e ProxmoxEndpoint) numbered() (name, number string) {
	if at := strings.LastIndex(e.Name, " (nb:"); at > 0 && strings.HasSuffix(e.Name, ")") {
		return e.Name[:at], e.Name[at+len(" (nb:") : len(e.Name)-1]
	}
	return e.Name, strconv.Itoa(e.ID)
}

// SameCluster tells whether two rows mean the same: host, port and user are equal, whatever the rows are called.
func (e ProxmoxEndpoint) SameCluster(other ProxmoxEndpoint) bool {
	return e.Port == other.Port && e.Username == other.Username &&
		hostOf(e.Domain, e.IPAddress) == hostOf(other.Domain, other.IPAddress)
}

// hostPort returns where an endpoint is.
func hostPort(domain, ip string, port int) string {
	return net.JoinHostPort(hostOf(domain, ip), strconv.Itoa(port))
}
