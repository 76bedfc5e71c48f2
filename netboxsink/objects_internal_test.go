package netboxsink

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

func TestChoiceIsReadInEachForm(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]choice{
		`"active"`: "active", `{"value":"active","label":"Active"}`: "active", `null`: "", `{}`: "", `{"value":null}`: "",
	} {
		var c choice
		require.NoError(t, json.Unmarshal([]byte(raw), &c), raw)
		assert.Equal(t, want, c, raw)
	}
}

func TestCustomFieldIsReadInEachForm(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]sync.Value{
		`101`: sync.Int(101), `"qemu"`: sync.String("qemu"), `null`: {}, `true`: sync.Bool(true),
		`{"value":"qemu","label":"QEMU"}`: sync.String("qemu"),
		`{"label":"x"}`:                   {},
	} {
		assert.Equal(t, want, customFields{"x": json.RawMessage(raw)}.value("x"), raw)
	}
	assert.True(t, customFields{}.value("x").IsNull())
	object := customFields{"x": json.RawMessage(`{"":{"name":"web01"}}`)}.value("x")
	assert.Equal(t, `{"":{"name":"web01"}}`, object.JSON(), "an object of our own is no selection")
}

func TestHolderIsNamed(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"assigned_object":{"name":"eth0","virtual_machine":{"id":1,"name":"web01"}}}`: "web01 eth0",
		`{"assigned_object":{"name":"eth0","device":{"id":1,"display":"(no name)"}}}`:   "(no name) eth0",
		`{"assigned_object":{"name":"group"}}`:                                          "group",
		`{"assigned_object_type":"ipam.fhrpgroup","assigned_object_id":4}`:              "ipam.fhrpgroup 4",
		`{}`: "nobody",
	} {
		var a addressObject
		require.NoError(t, json.Unmarshal([]byte(raw), &a))
		assert.Equal(t, want, a.holder(), raw)
	}
}

func TestUnassignable(t *testing.T) {
	t.Parallel()
	const network, broadcast = "it is the address of its network, which NetBox does not assign",
		"it is the broadcast address of its network, which NetBox does not assign"
	for prefix, want := range map[string]string{
		"192.0.2.5/24":                     "",
		"192.0.2.0/24":                     network,
		"192.0.2.255/24":                   broadcast,
		"192.0.2.4/30":                     network,
		"192.0.2.7/30":                     broadcast,
		"192.0.2.4/31":                     "",
		"192.0.2.5/31":                     "",
		"192.0.2.0/32":                     "",
		"192.0.2.255/32":                   "",
		"255.255.255.255/8":                broadcast,
		"2001:db8::1/64":                   "",
		"2001:db8::/64":                    network,
		"2001:db8::/127":                   "",
		"2001:db8::/128":                   "",
		"2001:db8::ffff:ffff:ffff:ffff/64": "",
		"192.0.2.5/0":                      "NetBox takes no address with a prefix length of 0",
		"2001:db8::1/0":                    "NetBox takes no address with a prefix length of 0",
	} {
		assert.Equal(t, want, unassignable(netip.MustParsePrefix(prefix)), prefix)
	}
}

func TestMebibytesAreRoundedUp(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]int64{0: 0, 1: 1, 528 << 10: 1, 1 << 20: 1, 1<<20 + 1: 2, 32 << 30: 32768} {
		assert.Equal(t, want, mebibytes(bytes), bytes)
	}
}
