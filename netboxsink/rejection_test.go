package netboxsink_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// strict is a NetBox with a validator of its operator's, that refuses what it is told to.
type strict struct {
	*lab
	refuses func(model string, fields map[string]json.RawMessage) bool
}

// refusal is what the operator's validator says.
const refusal = "not by our rules"

func newStrict(t testing.TB, version string, guests int) *strict {
	s := &strict{refuses: func(string, map[string]json.RawMessage) bool { return false }}
	inv := estate("lab")
	for i := range guests {
		inv.Guests = append(inv.Guests, qemu(101+i, fmt.Sprintf("vm%d", 101+i),
			nic("net0", fmt.Sprintf("BC:24:11:00:00:%02X", i), fmt.Sprintf("192.0.2.%d/24", 10+i)), disk("scsi0", gib)))
	}
	s.lab = newLabWith(t, &netboxtest.Options{
		Version: version,
		Validator: func(model string, fields map[string]json.RawMessage) error {
			if s.refuses(model, fields) {
				return errors.New(refusal)
			}
			return nil
		},
	}, nil, inv)
	return s
}

// refuse makes the validator refuse the objects of a model with these values in a field.
func (s *strict) refuse(model, field string, values ...string) {
	s.refuses = func(m string, fields map[string]json.RawMessage) bool {
		for _, v := range values {
			if m == model && string(fields[field]) == v {
				return true
			}
		}
		return false
	}
}

// fails runs, and returns the errors of what failed by the labels of the objects.
func (s *strict) fails() map[string]error {
	s.t.Helper()
	s.netbox.ResetRequests()
	_, err := s.try()
	var partial *sync.PartialError
	require.ErrorAs(s.t, err, &partial)
	errs := map[string]error{}
	for _, f := range partial.Failures {
		errs[f.Label] = f.Err
	}
	return errs
}

// sent counts the requests of a method to a path.
func (s *strict) sent(method, path string) int {
	n := 0
	for _, r := range s.netbox.Requests() {
		if r.Method == method && r.Path == "/api/"+path+"/" {
			n++
		}
	}
	return n
}

func TestOneRejectedObjectCostsOnlyItself(t *testing.T) {
	t.Parallel()
	const guests = 60
	for name, c := range map[string]struct {
		model, field, value string
		label               string
		missing             map[string]int // by path, how many objects are not there
	}{
		"virtual machine": {"virtualization.virtualmachine", "name", `"vm130"`, "vm130", map[string]int{machines: 1, interfaces: 1, macs: 1, addresses: 1, disks: 1}},
		"address":         {"ipam.ipaddress", "address", `"192.0.2.39/24"`, "192.0.2.39/24", map[string]int{addresses: 1}},
		"device":          {"dcim.device", "name", `"pve02"`, "pve02", map[string]int{devices: 1}},
	} {
		for _, version := range []string{"4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				s := newStrict(t, version, guests)
				s.refuse(c.model, c.field, c.value)
				errs := s.fails()
				require.ErrorContains(t, errs[c.label], refusal)
				assert.LessOrEqual(t, len(errs), 2)
				for path, n := range c.missing {
					want := map[string]int{devices: 2}[path]
					if want == 0 {
						want = guests
					}
					assert.Len(t, s.column(path, "id"), want-n, path)
				}
				assert.LessOrEqual(t, s.writes(), 60, "requests")
				s.refuses = func(string, map[string]json.RawMessage) bool { return false }
				s.run()
				assert.Len(t, s.column(machines, "id"), guests)
				assert.Len(t, s.column(macs, "id"), guests)
				assert.Len(t, s.column(addresses, "id"), guests)
				assert.Len(t, s.column(disks, "id"), guests)
				s.quiet()
			})
		}
	}
}

func TestRejectedChildCostsItsUnitAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ model, field, path string }{
		"interface": {"virtualization.vminterface", "virtual_machine", interfaces},
		"disk":      {"virtualization.virtualdisk", "virtual_machine", disks},
	} {
		for _, version := range []string{"4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				s := newStrict(t, version, 5)
				s.refuse(c.model, c.field, "3")
				_, err := s.try()
				var partial *sync.PartialError
				require.ErrorAs(t, err, &partial)
				require.Len(t, partial.Failures, 1)
				assert.ErrorContains(t, partial.Failures[0], refusal)
				assert.Len(t, s.column(machines, "id"), 5)
				assert.Len(t, s.column(c.path, "id"), 4)
				_, err = s.try()
				require.Error(t, err)
				s.refuses = func(string, map[string]json.RawMessage) bool { return false }
				s.run()
				assert.Len(t, s.column(c.path, "id"), 5)
				assert.Len(t, s.column(macs, "id"), 5, "none for each try")
				s.quiet()
			})
		}
	}
}

func TestRejectedMACLeavesItsInterface(t *testing.T) {
	t.Parallel()
	s := newStrict(t, "4.4", 5)
	s.refuse("dcim.macaddress", "mac_address", `"BC:24:11:00:00:02"`)
	errs := s.fails()
	require.Len(t, errs, 1)
	assert.ErrorContains(t, errs["BC:24:11:00:00:02"], refusal)
	assert.Len(t, s.column(interfaces, "id"), 5)
	assert.Equal(t, []string{"192.0.2.12/24"}, s.on("vm103", addresses, "address"))
	s.refuses = func(string, map[string]json.RawMessage) bool { return false }
	s.run()
	assert.Equal(t, []string{"BC:24:11:00:00:02"}, s.on("vm103", macs, "mac_address"))
	s.quiet()
}

func TestOneRejectedUpdateCostsOnlyItself(t *testing.T) {
	t.Parallel()
	const guests = 60
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newStrict(t, version, guests)
			s.run()
			s.refuse("virtualization.virtualmachine", "name", `"vm130"`)
			s.edit(func(inv *inventory.Inventory) {
				for i := range inv.Guests {
					inv.Guests[i].CPUs = 8
				}
			})
			errs := s.fails()
			require.Len(t, errs, 1)
			require.ErrorContains(t, errs["vm130"], refusal)
			assert.Len(t, s.where(machines, "vcpus", "8"), guests-1)
			// Before 4.7 NetBox does not say which it refuses: halving finds it.
			assert.LessOrEqual(t, s.sent(http.MethodPatch, machines), map[string]int{"4.4": 14, "4.7": 4}[version])
		})
	}
}

func TestEveryObjectRejected(t *testing.T) {
	t.Parallel()
	const guests = 60
	for _, version := range []string{"4.4", "4.7"} {
		t.Run("created/"+version, func(t *testing.T) {
			t.Parallel()
			s := newStrict(t, version, guests)
			s.refuses = func(model string, _ map[string]json.RawMessage) bool { return model == "virtualization.virtualmachine" }
			errs := s.fails()
			require.Len(t, errs, guests)
			for label, err := range errs {
				assert.ErrorContains(t, err, refusal, label)
			}
			assert.LessOrEqual(t, s.sent(http.MethodPost, machines), 4)
			assert.Zero(t, s.sent(http.MethodPost, interfaces))
		})
		t.Run("updated/"+version, func(t *testing.T) {
			t.Parallel()
			s := newStrict(t, version, guests)
			s.run()
			s.refuses = func(model string, _ map[string]json.RawMessage) bool { return model == "virtualization.virtualmachine" }
			s.edit(func(inv *inventory.Inventory) {
				for i := range inv.Guests {
					inv.Guests[i].CPUs = 8
				}
			})
			errs := s.fails()
			require.Len(t, errs, guests)
			for label, err := range errs {
				assert.ErrorContains(t, err, refusal, label)
			}
			assert.Less(t, s.sent(http.MethodPatch, machines), map[string]int{"4.4": 2 * guests, "4.7": 5}[version])
		})
	}
}

func TestRejectionIsTold(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newStrict(t, version, 3)
			s.refuses = func(model string, fields map[string]json.RawMessage) bool {
				return model == "virtualization.virtualmachine" && string(fields["name"]) == `"vm102"`
			}
			_, err := s.try()
			require.ErrorContains(t, err, "virtual-machine vm102: NetBox rejects it: "+refusal)
			assert.NotContains(t, err.Error(), "vm101")
			assert.Less(t, strings.Count(err.Error(), refusal), 2)
		})
	}
}

func TestObjectThatVanishesBeforeItsUpdateFailsAlone(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newStrict(t, version, 5)
			s.run()
			s.edit(func(inv *inventory.Inventory) {
				for i := range inv.Guests {
					inv.Guests[i].CPUs = 8
				}
			})
			plan := s.plan()
			require.NoError(t, s.netbox.Delete(machines, s.machine("vm103").id()))
			_, err := s.engine.Apply(s.context(), plan, nil)
			require.ErrorIs(t, err, sync.ErrStale)
			assert.Len(t, s.where(machines, "vcpus", "8"), 4)
			s.run()
			assert.Len(t, s.where(machines, "vcpus", "8"), 5)
			s.quiet()
		})
	}
}
