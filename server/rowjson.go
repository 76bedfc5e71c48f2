package server

import (
	"encoding/json"
	"maps"
	"net/netip"
	"strings"
)

// take sets what the body brings. Without a token in it, the one that is there stays, if the host does.
func (e *NetBoxEndpoint) take(body *pushed) error {
	host := hostOf(e.Domain, e.IPAddress)
	body.text("name", &e.Name)
	body.text("domain", &e.Domain)
	body.text("ip_address", &e.IPAddress)
	body.port(&e.Port)
	body.truth("verify_ssl", &e.VerifySSL)
	body.truth("enabled", &e.Enabled)
	body.text("token_version", &e.TokenVersion)
	if key := body.secret("token_key"); key != "" {
		e.TokenKey = key.Reveal()
	}
	if token := body.secret("token"); token != "" {
		e.Token = token
	} else if hostOf(e.Domain, e.IPAddress) != host {
		e.Token = ""
	}
	if body.wrong != nil {
		return body.wrong
	}
	if err := checkHost(e.Domain, e.IPAddress); err != nil {
		return err
	}
	switch {
	case e.TokenVersion == "":
		e.TokenVersion = "v1"
	case e.TokenVersion != "v1" && e.TokenVersion != "v2":
		return &rowError{"The token version must be v1 or v2."}
	}
	switch {
	case e.Token == "":
		return &rowError{"Provide the token: NetBox gives one under Admin, API Tokens."}
	case e.TokenVersion == "v2" && e.TokenKey == "" && !strings.HasPrefix(e.Token.Reveal(), "nbt_"):
		return &rowError{"A token of version v2 needs its key as token_key beside it."}
	}
	return nil
}

// take sets what the body brings. Without a secret in it, those that are there stay, if host and user do: a secret is
// not sent to a host that it was not given for.
func (e *ProxmoxEndpoint) take(body *pushed) error {
	before := *e
	body.text("name", &e.Name)
	body.text("domain", &e.Domain)
	body.text("ip_address", &e.IPAddress)
	body.port(&e.Port)
	body.text("username", &e.Username)
	body.truth("verify_ssl", &e.VerifySSL)
	body.truth("enabled", &e.Enabled)
	body.text("token_name", &e.TokenName)
	e.Password, e.TokenValue = body.secret("password"), body.secret("token_value")
	if e.Password == "" && e.TokenValue == "" && before.ID != 0 && e.keeps(before) {
		e.Password, e.TokenName, e.TokenValue = before.Password, before.TokenName, before.TokenValue
	}
	if body.wrong != nil {
		return body.wrong
	}
	e.Extra = maps.Clone(before.Extra)
	if rest := body.rest(); len(rest) > 0 {
		if e.Extra == nil {
			e.Extra = map[string]json.RawMessage{}
		}
		delete(rest, "id")
		maps.Copy(e.Extra, rest)
	}
	return e.check()
}

// keeps tells whether the secrets of the row as it was before are good for what it is now.
func (e *ProxmoxEndpoint) keeps(before ProxmoxEndpoint) bool {
	return hostOf(e.Domain, e.IPAddress) == hostOf(before.Domain, before.IPAddress) && e.Username == before.Username &&
		(e.TokenName == "" || e.TokenName == before.TokenName)
}

func (e *ProxmoxEndpoint) check() error {
	if err := checkHost(e.Domain, e.IPAddress); err != nil {
		return err
	}
	switch {
	case e.Name == "":
		return &rowError{"Provide a name for the endpoint."}
	case e.Username == "":
		return &rowError{"Provide the username with its realm, for example root@pam."}
	case !strings.Contains(e.Username, "@"):
		return &rowError{"The username needs its realm, for example root@pam."}
	case e.Password == "" && (e.TokenName == "" || e.TokenValue == ""):
		return &rowError{"Provide password or both token_name/token_value."}
	}
	return nil
}

// hostOf returns the host of an endpoint: its domain is preferred, as the plugin does.
func hostOf(domain, ip string) string {
	host, _, _ := strings.Cut(ip, "/")
	if domain != "" {
		host = domain
	}
	return strings.ToLower(host)
}

// checkHost tells whether an endpoint has a host that can be asked.
func checkHost(domain, ip string) error {
	host, _, _ := strings.Cut(ip, "/")
	switch {
	case domain == "" && host == "":
		return &rowError{"Provide ip_address or domain."}
	case strings.ContainsAny(domain, "/?#@:\\[]% \t\r\n"):
		return &rowError{"The domain is no host name: write it without scheme, port and path."}
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && strings.ContainsAny(host, "/?#@:\\[]% \t\r\n") {
		return &rowError{"The ip_address is no address."}
	}
	return nil
}

// netBoxRow is a row as both plugins read it.
type netBoxRow struct {
	ID           int     `json:"id"`
	Name         string  `json:"name"`
	IPAddress    *string `json:"ip_address"`
	Domain       *string `json:"domain"`
	Port         int     `json:"port"`
	TokenVersion string  `json:"token_version"`
	TokenKey     *string `json:"token_key"` // withheld, as is the token: either may be sent back as null
	Token        *string `json:"token"`
	VerifySSL    bool    `json:"verify_ssl"`
	Enabled      bool    `json:"enabled"`
	Probe        *probe  `json:"probe"` // nil where none was made
}

// probe is what came of asking the NetBox of a row for its status.
type probe struct {
	Reachable      bool    `json:"reachable"`
	Status         string  `json:"status"` // "reachable" or "unreachable"
	APIVersion     *string `json:"api_version"`
	ErrorType      *string `json:"error_type"`
	Error          *string `json:"error"`
	TimeoutSeconds float64 `json:"timeout_seconds"`
}

// row returns the row as it is answered.
func (e NetBoxEndpoint) row(p *probe) netBoxRow {
	return netBoxRow{
		ID: e.ID, Name: e.Name, IPAddress: orNull(e.IPAddress), Domain: orNull(e.Domain), Port: e.Port,
		TokenVersion: e.TokenVersion, VerifySSL: e.VerifySSL, Enabled: e.Enabled, Probe: p,
	}
}

// row returns the row as it is answered: what the newest plugin reads, what was pushed beside that, and no secret.
func (e ProxmoxEndpoint) row() map[string]any {
	row := map[string]any{
		"allow_writes": false, "ssh_target_node": nil, "ssh_host": nil, "ssh_username": nil, "ssh_port": 22,
		"ssh_identity_file": nil, "ssh_known_host_fingerprint": nil, "access_methods": "api",
	}
	for field, raw := range e.Extra {
		row[field] = raw
	}
	maps.Copy(row, map[string]any{
		"id": e.ID, "name": e.Name, "ip_address": orNull(e.IPAddress), "domain": orNull(e.Domain), "port": e.Port,
		"username": e.Username, "password": e.Password, "token_name": orNull(e.TokenName), "token_value": e.TokenValue,
		"verify_ssl": e.VerifySSL, "enabled": e.Enabled,
	})
	return row
}

// orNull returns nil for an empty text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
