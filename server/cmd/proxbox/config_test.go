package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// A configuration in which nothing is wrong, in parts.
const (
	goodNetBox  = "netbox:\n  url: http://127.0.0.1:8080\n  token: nbt_canary.canary1\n"
	goodProxmox = "proxmox:\n  - name: lab\n    urls: [\"http://127.0.0.1:8006\"]\n    token: root@pam!sync=canary1\n"
)

// TestConfigFile tests the lines that a wrong file comes to. Wherever a value stands, it is a canary: none is repeated.
func TestConfigFile(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "canary.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, tt := range map[string]struct {
		text string
		want []string // without the name of the file
	}{
		"empty": {"", []string{
			"line 1: netbox.url: it is no URL of a NetBox: write it as https://host or http://host:port",
			"line 1: netbox.token: it is empty: create one in NetBox under Admin, API Tokens",
			"line 1: proxmox: no cluster is named: add one with name, urls and token",
		}},
		"a word":       {"canary1", []string{"line 1: it must hold keys: netbox, proxmox, names, objects, ownership, placement, filters, addresses, deletion, adoption, schedules"}},
		"empty groups": {"netbox:\nproxmox:\n", []string{"line 1: netbox.url: it is no URL of a NetBox: write it as https://host or http://host:port", "line 1: netbox.token: it is empty: create one in NetBox under Admin, API Tokens", "line 2: proxmox: no cluster is named: add one with name, urls and token"}},
		"missing keys": {"netbox:\n  insecure: true\nproxmox:\n  - insecure: true\n", []string{
			"line 1: netbox.url: it is no URL of a NetBox: write it as https://host or http://host:port",
			"line 1: netbox.token: it is empty: create one in NetBox under Admin, API Tokens",
			"line 4: proxmox[0].name: the name of a source must not be empty or hold a slash",
			"line 4: proxmox[0].urls: no URL is given: write https://host or https://host:8006",
			"line 4: proxmox[0].token: no credential is given: give an API token, or a user and a password",
		}},
		"unknown keys": {"netbx: canary1\n" + goodNetBox + "  user: canary1\n" + goodProxmox + "    url: canary1\n    nbt_canary1: x\n", []string{
			"line 1: netbx: there is no such key here, only netbox, proxmox, names, objects, ownership, placement, filters, addresses, deletion, adoption, schedules",
			"line 5: netbox.user: there is no such key here, only url, token, ca_file, insecure, timeout",
			"line 10: proxmox[0].url: there is no such key here, only name, urls, token, username, password, ca_file, fingerprint, insecure, no_system_info, config_age, address_age",
			"line 11: proxmox[0].…: there is no such key here, only name, urls, token, username, password, ca_file, fingerprint, insecure, no_system_info, config_age, address_age",
		}},
		"keys twice": {goodNetBox + "  token: canary1\n" + goodProxmox + "    name: canary1\nnetbox:\n  url: canary1\n", []string{
			"line 4: netbox.token: it stands here again, after line 3",
			"line 9: proxmox[0].name: it stands here again, after line 6",
			"line 10: netbox: it stands here again, after line 1",
		}},
		"wrong types": {"netbox:\n  url: [canary1]\n  token: 1234567890\n  insecure: canary1\nproxmox:\n  - name: {canary1: canary1}\n    urls: https://canary1\n  - canary1\n", []string{
			"line 2: netbox.url: it must be text: put it in quotes",
			"line 3: netbox.token: it must be text: put it in quotes",
			"line 4: netbox.insecure: it must be true or false",
			"line 6: proxmox[0].name: it must be text: put it in quotes",
			"line 7: proxmox[0].urls: it must be a list",
			"line 8: proxmox[1]: it must hold keys: name, urls, token, username, password, ca_file, fingerprint, insecure, no_system_info, config_age, address_age",
		}},
		"a mapping of wrong types": {goodNetBox + goodProxmox + "deletion: {grace: canary1, most: canary1, most_share: canary1}\nownership: canary1\nobjects: {create_vlans: 1}\n", []string{
			"line 8: deletion.grace: it must be a duration such as 168h or 30m",
			"line 8: deletion.most: it must be a whole number",
			"line 8: deletion.most_share: it must be a number",
			"line 9: ownership: it must hold keys",
			"line 10: objects.create_vlans: it must be true or false",
		}},
		"wrong durations": {goodNetBox + "  timeout: 30\n" + goodProxmox + "    config_age: canary1\n    address_age: [canary1]\n", []string{
			"line 4: netbox.timeout: it must be a duration such as 168h or 30m",
			"line 9: proxmox[0].config_age: it must be a duration such as 168h or 30m",
			"line 10: proxmox[0].address_age: it must be a duration such as 168h or 30m",
		}},
		"negative durations": {goodNetBox + "  timeout: -30s\n" + goodProxmox + "    config_age: -1h\n    address_age: -1ns\n", []string{
			"line 4: netbox.timeout: it is negative: give a duration such as 30s, or none for the default",
			"line 9: proxmox[0].config_age: it is negative: give a duration such as 30m, or none for the default",
			"line 10: proxmox[0].address_age: it is negative: give a duration such as 30m, or none for the default",
		}},
		"a mapping of wrong values": {goodNetBox + goodProxmox + "ownership:\n  canary1: {name: canary1}\n  device:\n    site: canary1\nplacement:\n  site:\n    - {node: \"canary1(\", value: canary1}\n    - {guest: canary1, value: canary1}\nfilters: {exclude: [{vmids: [canary1]}, {}], keep_addresses: [canary1]}\nadoption: {mode: canary1}\n", []string{
			"line 8: ownership: there are rules for cluster, device, ip-address, node-interface, node-ip-address, virtual-disk, virtual-machine, vm-interface only",
			"line 11: ownership.device.site: it must be one of always, create-only, if-empty, if-empty-or-ours, until-edited, never",
			"line 14: placement.site[0].node: it is no regular expression: missing closing )",
			"line 15: placement.site[1]: guests are where their node is: use source, cluster and node",
			"line 16: filters.keep_addresses[0]: it is no prefix such as 192.0.2.0/24",
			"line 16: filters.exclude[0].vmids[0]: it is neither a VMID nor a range such as 100-199",
			"line 16: filters.exclude[1]: it says nothing, and would match every guest",
			"line 17: adoption.mode: it must be one of ours, never, unowned-by-name",
		}},
		"clusters as a map": {goodNetBox + "proxmox:\n  name: lab\n", []string{"line 5: proxmox: it must be a list"}},
		"wrong values": {"netbox:\n  url: nbt_canary.canary1\n  token: canary 1\n  ca_file: canary1\nproxmox:\n  - name: a/b\n    urls:\n      - https://ok.example.com\n      - root@pam!sync=canary1\n    token: canary1\n    fingerprint: canary1\n", []string{
			"line 2: netbox.url: it is no URL of a NetBox: write it as https://host or http://host:port",
			"line 3: netbox.token: it holds a blank: give it as NetBox shows it",
			"line 4: netbox.ca_file: the CA file cannot be read: no such file or directory",
			"line 6: proxmox[0].name: the name of a source must not be empty or hold a slash",
			"line 9: proxmox[0].urls[1]: it is no URL of Proxmox VE: write https://host or https://host:8006",
			"line 10: proxmox[0].token: the API token is not of the form user@realm!name=secret, for example root@pam!sync=<uuid>",
			"line 11: proxmox[0].fingerprint: it is no SHA-256 fingerprint: write 32 bytes as AA:BB:…, as Proxmox VE shows them",
		}},
		"users in URLs": {"netbox:\n  url: http://admin:canary1@localhost\n  token: canary1\nproxmox:\n  - name: lab\n    urls: [\"https://root:canary1@localhost\"]\n    username: root\n    password: canary1\n", []string{
			"line 2: netbox.url: it holds a user: give a token instead",
			"line 6: proxmox[0].urls[0]: it holds a user: give the credential in an option of its own",
			"line 7: proxmox[0].username: the user name is not of the form user@realm, for example root@pam",
		}},
		"user without password": {goodNetBox + "proxmox:\n  - name: lab\n    urls: [\"https://localhost\"]\n    username: root@pam\n", []string{
			"line 5: proxmox[0].password: a user is given without a password",
		}},
		"what excludes each other": {goodNetBox + goodProxmox + "    password: canary1\n    ca_file: " + empty + "\n    insecure: true\n", []string{
			"line 7: proxmox[0].token: both a token and a user are given: give one of them",
			"line 10: proxmox[0].insecure: insecure takes any certificate: give neither a CA nor a fingerprint with it",
		}},
		"empty CA file": {goodNetBox + goodProxmox + "    ca_file: " + empty + "\n", []string{
			"line 8: proxmox[0].ca_file: the CA file holds no certificate in PEM form",
		}},
		"equal names": {goodNetBox + goodProxmox + "  - name: lab\n    urls: [\"http://localhost\"]\n    token: root@pam!sync=canary1\n", []string{
			"line 8: proxmox[1].name: proxmox[0] has this name too: give each cluster its own",
		}},
		"two documents": {goodNetBox + goodProxmox + "---\n" + goodNetBox, []string{
			"line 9: a second document begins here: the configuration is one",
		}},
		"tab":                  {"netbox:\n\turl: canary1\n", []string{"line 2: it is no YAML: found character TAB that cannot start any token"}},
		"no colon":             {goodNetBox + "  canary1\n" + goodProxmox, nil},
		"open quote":           {"netbox:\n  token: \"canary1\n", nil},
		"open list":            {goodNetBox + "proxmox: [canary1\n", nil},
		"unknown alias":        {goodNetBox + "proxmox: *canary1\n", nil},
		"wrong indent":         {"netbox:\n  url: canary1\n token: canary1\n", nil},
		"unknown escape":       {"netbox:\n  token: \"\\canary1\"\n", nil},
		"duplicates and alias": {"netbox: &a\n  url: http://localhost\n  <<: *a\n  canary1: canary1\n", nil},
		"version":              {"%YAML canary1\n---\nnetbox:\n", nil},
		"binary":               {"\x00\xff\xfe canary1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "proxbox.yaml")
			require.NoError(t, os.WriteFile(file, []byte(tt.text), 0o600))
			code, out, err := try(t, "plan", "--config", file)
			assert.Equal(t, exitUsage, code)
			assert.Empty(t, out)
			assert.NotContains(t, err, "canary")
			err = strings.ReplaceAll(err, file, "proxbox.yaml")
			if tt.want != nil {
				assert.Equal(t, "proxbox.yaml: "+strings.Join(tt.want, "\nproxbox.yaml: ")+"\n", err)
			}
			assert.Regexp(t, `^(proxbox\.yaml: line \d+: .+\n)+$`, err)
		})
	}
}

func TestConfigFile_good(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"blocks":   goodNetBox + goodProxmox,
		"flow":     `{netbox: {url: "http://localhost", token: "0123456789"}, proxmox: [{name: lab, urls: ["http://localhost"], token: "root@pam!sync=x"}]}`,
		"password": goodNetBox + "proxmox:\n  - name: lab\n    urls:\n      - https://localhost\n    username: root@pam\n    password: |-\n      canary1\n",
		"anchors": goodNetBox + "proxmox:\n  - &first\n    name: lab\n    urls: [\"http://localhost\"]\n    token: root@pam!sync=canary1\n" +
			"  - <<: *first\n    name: other\n",
		"durations":   goodNetBox + "  timeout: 30s\n" + goodProxmox + "    config_age: 2h\n    address_age: \"5m\"\n",
		"comments":    "# the lab\n" + goodNetBox + "  # its clusters\n" + goodProxmox,
		"fingerprint": goodNetBox + goodProxmox + "    fingerprint: \"" + strings.Repeat("AB:", 31) + "AB, " + strings.Repeat("cd", 32) + "\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "proxbox.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			e, err := built(func(build func(configuration) error) error { return configureFromFile(file, build) })
			require.NoError(t, err)
			assert.NotNil(t, e)
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"PROXBOX_NETBOX_URL": "http://localhost:8080", "PROXBOX_NETBOX_TOKEN": "nbt_canary.canary1",
		"PROXBOX_PROXMOX_NAME": "lab", "PROXBOX_PROXMOX_URL": "http://localhost:8006", "PROXBOX_PROXMOX_TOKEN": "root@pam!sync=canary1",
		"PROXBOX_PROXMOX_INSECURE": "true",
	}
	for name, tt := range map[string]struct {
		change map[string]string
		want   []string
	}{
		"good": {},
		"nothing": {map[string]string{"PROXBOX_NETBOX_URL": "", "PROXBOX_PROXMOX_URL": ""}, []string{
			"nothing says where NetBox and Proxmox VE are: name a file with --config, or set PROXBOX_NETBOX_URL, PROXBOX_NETBOX_TOKEN, " +
				"PROXBOX_PROXMOX_NAME, PROXBOX_PROXMOX_URL and PROXBOX_PROXMOX_TOKEN",
		}},
		"half": {map[string]string{"PROXBOX_NETBOX_URL": "", "PROXBOX_PROXMOX_NAME": "", "PROXBOX_PROXMOX_TOKEN": ""}, []string{
			"PROXBOX_NETBOX_URL: it is no URL of a NetBox: write it as https://host or http://host:port",
			"PROXBOX_PROXMOX_NAME: the name of a source must not be empty or hold a slash",
			"PROXBOX_PROXMOX_TOKEN: no credential is given: give an API token, or a user and a password",
		}},
		"other half": {map[string]string{"PROXBOX_NETBOX_TOKEN": "", "PROXBOX_PROXMOX_URL": ""}, []string{
			"PROXBOX_NETBOX_TOKEN: it is empty: create one in NetBox under Admin, API Tokens",
			"PROXBOX_PROXMOX_URL: no URL is given: write https://host or https://host:8006",
		}},
		"wrong": {map[string]string{
			"PROXBOX_PROXMOX_URL": "root@pam!sync=canary1", "PROXBOX_PROXMOX_TOKEN": "canary1", "PROXBOX_PROXMOX_INSECURE": "canary1",
		}, []string{
			"PROXBOX_PROXMOX_INSECURE: it must be true or false",
			"PROXBOX_PROXMOX_URL: it is no URL of Proxmox VE: write https://host or https://host:8006",
			"PROXBOX_PROXMOX_TOKEN: the API token is not of the form user@realm!name=secret, for example root@pam!sync=<uuid>",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) string {
				if value, changed := tt.change[name]; changed {
					return value
				}
				return good[name]
			}
			e, err := built(func(build func(configuration) error) error { return configureFromEnvironment(env, build) })
			if tt.want == nil {
				require.NoError(t, err)
				assert.NotNil(t, e)
				return
			}
			assert.EqualError(t, err, strings.Join(tt.want, "\n"))
		})
	}
}

// TestEnvironment_sync cannot run beside others: the environment is one for all.
func TestEnvironment_sync(t *testing.T) {
	f := newFakes(t, 3, nil)
	for name, value := range map[string]string{
		"PROXBOX_NETBOX_URL": f.netbox.URL, "PROXBOX_NETBOX_TOKEN": "0123456789abcdef0123456789abcdef01234567",
		"PROXBOX_PROXMOX_NAME": "lab", "PROXBOX_PROXMOX_URL": f.proxmox.URL, "PROXBOX_PROXMOX_TOKEN": f.token(),
		"PROXBOX_PROXMOX_INSECURE": "true",
	} {
		t.Setenv(name, value)
	}
	code, out, err := f.run(t.Context(), "sync")
	assert.Zero(t, code, err)
	assert.Contains(t, out, "virtual-machine               3 ")
}

// built returns the engine for what configure hands over.
func built(configure func(build func(configuration) error) error) (*sync.Engine, error) {
	var e *sync.Engine
	err := configure(func(c configuration) (err error) {
		e, err = backend.New(c.Config, nil)
		return err
	})
	return e, err
}
