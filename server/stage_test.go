package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordedQuery is what the newest plugin was recorded sending with every stage: its defaults, of one endpoint.
const recordedQuery = "?use_guest_agent_interface_name=true&vm_interface_sync_strategy=guest_os_model&fetch_max_concurrency=8" +
	"&ignore_ipv6_link_local_addresses=true&primary_ip_preference=ipv4&parse_description_metadata=false" +
	"&overwrite_device_role=true&overwrite_device_type=true&overwrite_device_tags=true&overwrite_device_status=true" +
	"&overwrite_device_description=true&overwrite_device_custom_fields=true&overwrite_vm_role=true&overwrite_vm_type=true" +
	"&overwrite_vm_platform=false&overwrite_vm_tags=true&overwrite_vm_proxmox_tags=true&overwrite_vm_description=true" +
	"&overwrite_vm_custom_fields=true&overwrite_vm_cloudinit=true&overwrite_cluster_tags=true&overwrite_cluster_description=true" +
	"&overwrite_cluster_custom_fields=true&overwrite_node_interface_tags=true&overwrite_node_interface_custom_fields=true" +
	"&overwrite_storage_tags=true&overwrite_vm_interface_tags=true&overwrite_vm_interface_custom_fields=true" +
	"&overwrite_ip_status=true&overwrite_ip_tags=true&overwrite_ip_custom_fields=true&overwrite_ip_address_dns_name=true" +
	"&sync_mode_vm=always&sync_mode_vm_template=always&sync_mode_vm_interface=always&sync_mode_mac=always" +
	"&sync_mode_ip_address=always&sync_mode_cluster=always&sync_mode_node=always&sync_mode_storage=always" +
	"&sync_mode_sdn=disabled&sync_mode_sdn_bgp=disabled&proxmox_endpoint_ids=1"

// jobExtras are what the stage virtual-machines has besides in a job of all stages.
const jobExtras = "&sync_task_history=false&sync_vm_network=false&run_id=9d2c6f0e-6f0b-4f0c-8a63-0c8a4f7f8f55"

const (
	machinePaths   = "/virtualization/virtual-machines"
	nodeInterfaces = "/dcim/devices/interfaces/create"
)

// pluginPolicy is what the plugin's defaults come to: the platforms of machines that are there are left alone.
func pluginPolicy() *sync.Policy {
	return &sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{"virtual-machine": {"platform": sync.CreateOnly}}}
}

// jobStages are the stages of a job in their order, with the kinds that each is recorded, or has, to write.
func jobStages() []jobStage {
	on := func(names ...sync.Kind) []sync.Kind { return names }
	return []jobStage{
		{sse.StageDevices, devices, "", on("device")},
		{sse.StageStorage, machinePaths + "/storage/create", "", nil},
		{sse.StageVirtualMachines, machines, jobExtras, on("virtual-machine")},
		{sse.StageTaskHistory, machinePaths + "/task-history/create", "", nil},
		{sse.StageDisks, machinePaths + "/virtual-disks/create", "", on("virtual-disk")},
		{sse.StageBackups, machinePaths + "/backups/all/create", "&delete_nonexistent_backup=true", nil},
		{sse.StageSnapshots, machinePaths + "/snapshots/all/create", "&delete_nonexistent_snapshot=true", nil},
		{sse.StageNodeInterfaces, nodeInterfaces, "", on("device", "node-interface", "node-mac-address", "node-ip-address")},
		{sse.StageInterfaces, machinePaths + "/interfaces/create", "", on("vm-interface", "mac-address")},
		{sse.StageAddresses, machinePaths + "/interfaces/ip-address/create", "", on("virtual-machine", "vm-interface", "mac-address", "ip-address")},
		{sse.StageSDN, "/proxmox/sdn/create", "", nil},
		{sse.StageReplications, "/proxmox/replication", "", nil},
		{sse.StageBackupRoutines, "/proxmox/cluster/backup", "", nil},
	}
}

type jobStage struct {
	name   sse.Stage
	path   string
	extras string
	kinds  []sync.Kind // none of one that is left alone
}

// pushedEstate is a backend that knows rows and guests.
type pushedEstate struct {
	server.Backend
	guests map[int64]sync.GuestRef
}

var errNoMachine = errors.New("NetBox has no virtual machine of that number")

func (e *pushedEstate) Source(_ server.Endpoints, row server.ProxmoxEndpoint) string {
	return row.SourceName()
}

func (e *pushedEstate) Guest(_ context.Context, _ server.Endpoints, id int64) (sync.GuestRef, error) {
	if g, ok := e.guests[id]; ok {
		return g, nil
	}
	return sync.GuestRef{}, errNoMachine
}

// servePushed serves two clusters that were pushed: lab as row 1, east as row 2.
func servePushed(t *testing.T) *service {
	t.Helper()
	b := &backend{begun: make(chan *scripted)}
	handler, err := server.New(&pushedEstate{server.Fixed(b), map[int64]sync.GuestRef{
		20: {Source: "lab", ID: 101}, 21: {Source: "lab", ID: 102}, 30: {Source: "east", ID: 101},
	}}, nil)
	require.NoError(t, err)
	s := serveOn(t, handler)
	s.backend = b
	for _, row := range []string{
		`{"name":"lab (nb:1)","ip_address":"192.0.2.10","port":8006,"username":"root@pam","password":"x"}`,
		`{"name":"east (nb:2)","ip_address":"192.0.2.20","port":8006,"username":"root@pam","password":"x"}`,
	} {
		require.Equal(t, http.StatusOK, s.send(http.MethodPost, "/proxmox/endpoints", "", row).status)
	}
	return s
}

// watchStage opens a stream with a query, and reads it in the background.
func (s *service) watchStage(path, query string) *watcher { return s.watchWith(path, query, nil) }

func (s *service) watchWith(path, query string, header http.Header) *watcher {
	s.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	w := &watcher{t: s.t, leave: leave, done: make(chan struct{}), response: s.open(ctx, http.MethodGet, path+"/stream"+query, header)}
	require.Equal(s.t, http.StatusOK, w.response.StatusCode)
	go w.read()
	s.t.Cleanup(leave)
	synctest.Wait()
	return w
}

// names returns the names of the frames that have come so far.
func (w *watcher) names() []string {
	w.t.Helper()
	var list []string
	for _, f := range w.frames() {
		list = append(list, f.Event)
	}
	return list
}

// summary returns the result of the phase_summary before the last frame, and that last frame.
func (w *watcher) summary() (result map[string]any, complete frame) {
	w.t.Helper()
	complete = w.last()
	list := w.frames()
	require.GreaterOrEqual(w.t, len(list), 2)
	require.Equal(w.t, "phase_summary", list[len(list)-2].Event)
	require.Equal(w.t, "complete", complete.Event)
	assert.NotContains(w.t, "\n"+string(w.bytes()), "\nid:")
	return list[len(list)-2].Body["result"].(map[string]any), complete
}

// The recorded job, stage by stage, each with its preflight.
func TestJobOfAllStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		for _, stage := range jobStages() {
			assert.JSONEq(t, `{"status":"ready","init_ok":true}`, string(s.ask(http.MethodGet, "/health").body))
			w := s.watchStage(stage.path, recordedQuery+stage.extras)
			if stage.kinds != nil {
				run := s.backend.run(t)
				assert.Equal(t, sync.Scope{Sources: []string{"lab"}, Kinds: stage.kinds}, run.options.Scope, stage.name)
				assert.Equal(t, pluginPolicy(), run.options.Policy)
				run.tell(fullRun()[:8]...)
				run.finish()
			}
			s.backend.idle(t)
			result, complete := w.summary()
			assert.Equal(t, true, complete.Body["ok"], stage.name)
			assert.Regexp(t, "^"+string(stage.name)+" sync completed", complete.Body["message"])
			if stage.kinds == nil {
				assert.Equal(t, 0.0, result["total"])
				assert.Contains(t, complete.Body["message"], "are not synced by this backend")
			}
		}
	})
}

func TestStageStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		w := s.watchStage(machines, recordedQuery+jobExtras)
		run := s.backend.run(t)
		events := fullRun()
		run.tell(events[:6]...)
		assert.Equal(t, []string{"substep", "discovery"}, w.names(), "nodes are not what the stage is about")
		time.Sleep(16 * time.Second)
		run.tell(events[6:]...)
		run.finish()
		result, complete := w.summary()
		assert.Equal(t, []string{"substep", "discovery", "item_progress", "item_progress", "error_detail", "error", "phase_summary", "complete"}, w.names())
		assert.Equal(t, []any{1.0, 1.0, 2.0}, []any{result["unchanged"], result["failed"], result["total"]})
		assert.Equal(t, true, complete.Body["ok"], "or the plugin would repeat the stage")
		assert.Equal(t, "virtual-machines sync completed with 1 failure: <i>db</i>.", complete.Body["message"])
		assert.Contains(t, string(w.bytes()), ": keepalive\n\n")
		assert.Equal(t, "text/event-stream; charset=utf-8", w.response.Header.Get("Content-Type"))
	})
}

func TestStageThatCouldNotHappen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		w := s.watchStage(devices, recordedQuery)
		s.backend.run(t).do(func() error { return errors.New("NetBox refuses the token: make a new one") })
		_, complete := w.summary()
		assert.Equal(t, false, complete.Body["ok"])
		assert.Equal(t, []any{map[string]any{"detail": "NetBox refuses the token: make a new one"}}, complete.Body["errors"])
	})
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, query string
		key         bool
		want        string // the first frame
	}{
		"devices":               {devices, "", false, "step"},
		"devices by key":        {devices, "", true, "substep"},
		"devices by query":      {devices, "?proxmox_endpoint_ids=1", false, "substep"},
		"devices by both":       {devices, "?proxmox_endpoint_ids=1", true, "substep"},
		"machines":              {machines, "?use_css=false", false, "step"},
		"machines by key":       {machines, "", true, "substep"},
		"full update":           {full, "", false, "step"},
		"full update by key":    {full, "", true, "substep"},
		"full update by query":  {full, "?proxmox_endpoint_ids=2", false, "substep"},
		"a path of stages only": {machinePaths + "/virtual-disks/create", "", false, "substep"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := servePushed(t)
				header := http.Header{}
				if c.key {
					header.Set("X-Proxbox-API-Key", strings.Repeat("k", 32))
				}
				w := s.watchWith(c.path, c.query, header)
				run := s.backend.run(t)
				run.tell(fullRun()...)
				run.finish()
				list := w.frames()
				assert.Equal(t, c.want, list[0].Event)
				assert.Equal(t, c.want == "step", list[0].ID != "")
				assert.Equal(t, c.want == "substep", w.last().Body["ok"], "one object failed")
			})
		})
	}
}

func TestFullUpdateOfTheNewestPlugin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		w := s.watchStage(full, recordedQuery)
		run := s.backend.run(t)
		assert.Equal(t, sync.Scope{Sources: []string{"lab"}}, run.options.Scope)
		run.tell(fullRun()...)
		run.finish()
		names := w.names()
		assert.Equal(t, []string{"phase_summary", "phase_summary", "complete"}, names[len(names)-3:])
		assert.Equal(t, 3.0, w.last().Body["result"].(map[string]any)["total"])
	})
}

func TestStageScopes(t *testing.T) {
	t.Parallel()
	all := []sync.Kind{"virtual-machine", "vm-interface", "mac-address", "ip-address", "virtual-disk"}
	const disks, interfaces = machinePaths + "/virtual-disks/create", machinePaths + "/interfaces/create"
	const addresses = machinePaths + "/interfaces/ip-address/create"
	onNodes := []sync.Kind{"device", "node-interface", "node-mac-address", "node-ip-address"}
	for name, c := range map[string]struct {
		path, query string
		want        sync.Scope
	}{
		"all clusters":           {devices, "?proxmox_endpoint_ids=", sync.Scope{Kinds: []sync.Kind{"device"}}},
		"two clusters":           {devices, "?proxmox_endpoint_ids=2,1", sync.Scope{Sources: []string{"east", "lab"}, Kinds: []sync.Kind{"device"}}},
		"twice the same":         {devices, "?proxmox_endpoint_ids=1,1", sync.Scope{Sources: []string{"lab"}, Kinds: []sync.Kind{"device"}}},
		"unknown options":        {disks, "?shoe_size=44&overwrite_everything=false", sync.Scope{Kinds: []sync.Kind{"virtual-disk"}}},
		"machines alone":         {machines, "?proxmox_endpoint_ids=1", sync.Scope{Sources: []string{"lab"}, Kinds: all}},
		"without network":        {machines, "?proxmox_endpoint_ids=1&sync_vm_network=false", sync.Scope{Sources: []string{"lab"}, Kinds: all[:1]}},
		"without addresses":      {machines, "?proxmox_endpoint_ids=1&assign_vm_interface_ips=False", sync.Scope{Sources: []string{"lab"}, Kinds: []sync.Kind{"virtual-machine", "vm-interface", "mac-address", "virtual-disk"}}},
		"without MACs":           {interfaces, "?sync_vm_interface_macs=0", sync.Scope{Kinds: []sync.Kind{"vm-interface"}}},
		"no machines":            {full, "?proxmox_endpoint_ids=1&sync_mode_vm=disabled", sync.Scope{Sources: []string{"lab"}, Kinds: onNodes}},
		"nodes without machines": {nodeInterfaces, "?proxmox_endpoint_ids=1&sync_mode_vm=disabled&sync_mode_vm_interface=disabled&sync_mode_mac=disabled&sync_mode_ip_address=disabled", sync.Scope{Sources: []string{"lab"}, Kinds: onNodes}},
		"no nodes":               {full, "?proxmox_endpoint_ids=1&sync_mode_node=disabled", sync.Scope{Sources: []string{"lab"}, Kinds: all}},
		"one machine":            {machinePaths + "/20/create", "?proxmox_endpoint_ids=1", sync.Scope{Sources: []string{"lab"}, Guests: []sync.GuestRef{{Source: "lab", ID: 101}}, Kinds: all}},
		"of any cluster":         {machinePaths + "/30/create", "", sync.Scope{Guests: []sync.GuestRef{{Source: "east", ID: 101}}, Kinds: all}},
		"its disks":              {machinePaths + "/20/virtual-disks/create", "", sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 101}}, Kinds: []sync.Kind{"virtual-disk"}}},
		"machines by a query":    {interfaces, "?netbox_vm_ids=20,21,20", sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 101}, {Source: "lab", ID: 102}}, Kinds: []sync.Kind{"vm-interface", "mac-address"}}},
		"addresses of one":       {addresses, "?netbox_vm_ids=21", sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 102}}, Kinds: all[:4]}},
		"no branch":              {devices, "?netbox_branch_schema_id=", sync.Scope{Kinds: []sync.Kind{"device"}}},
		"the path's counts":      {machinePaths + "/20/create", "?netbox_vm_ids=20", sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 101}}, Kinds: all}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := servePushed(t)
				w := s.watchStage(c.path, c.query)
				run := s.backend.run(t)
				assert.Equal(t, c.want, run.options.Scope)
				run.finish()
				_, complete := w.summary()
				assert.Equal(t, true, complete.Body["ok"])
			})
		})
	}
}

func TestStagePolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		w := s.watchStage(devices, strings.Replace(recordedQuery, "overwrite_device_role=true", "overwrite_device_role=false", 1))
		run := s.backend.run(t)
		require.NotNil(t, run.options.Policy)
		want := pluginPolicy()
		want.Rules["device"] = map[string]sync.Rule{"role": sync.CreateOnly}
		assert.Equal(t, want, run.options.Policy)
		other := s.watchStage(devices, recordedQuery)
		assert.Equal(t, []string{"substep"}, other.names(), "another policy is another run")
		assert.Equal(t, "Waiting for run "+run.id()+" to finish.", other.said()[0])
		run.finish()
		assert.Equal(t, "complete", w.last().Event)
		s.backend.run(t).finish()
		assert.Equal(t, true, other.last().Body["ok"])
	})
}

func TestStagesThatSyncModesLeaveOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		for path, mode := range map[string]string{
			devices: "sync_mode_node", nodeInterfaces: "sync_mode_node", machines: "sync_mode_vm", machinePaths + "/virtual-disks/create": "sync_mode_vm",
			machinePaths + "/interfaces/create": "sync_mode_vm_interface", machinePaths + "/20/create": "sync_mode_vm",
			machinePaths + "/interfaces/ip-address/create": "sync_mode_ip_address",
		} {
			_, complete := s.watchStage(path, "?proxmox_endpoint_ids=1&"+mode+"=disabled").summary()
			assert.Equal(t, true, complete.Body["ok"], path)
			assert.Contains(t, complete.Body["message"], "The sync modes leave it out")
		}
		s.backend.idle(t)
	})
}

func TestRefusedStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		for _, c := range []struct{ path, query, want string }{
			{devices, "?proxmox_endpoint_ids=7", `the Proxmox endpoint "7" is not known here: save it in NetBox again`},
			{full, "?proxmox_endpoint_ids=1,x", `the Proxmox endpoint "x" is not known here`},
			{machinePaths + "/storage/create", "?proxmox_endpoint_ids=7", `"7" is not known here`},
			{machinePaths + "/99/create", "", errNoMachine.Error()},
			{machinePaths + "/x/create", "", `"x" is no number of a virtual machine`},
			{machinePaths + "/create", "?proxmox_endpoint_ids=1&netbox_vm_ids=20,0", `"0" is no number`},
			{machinePaths + "/30/create", "?proxmox_endpoint_ids=1", "guest 101 of east, which is none of the endpoints that are asked for"},
			{devices, "?proxmox_endpoint_ids=1&netbox_vm_ids=20", "about no virtual machines"},
			{devices, recordedQuery + "&netbox_branch_schema_id=ab12cd34", "does not write to branches of NetBox"},
			{full, "?netbox_branch_schema_id=ab12cd34", "does not write to branches of NetBox"},
			{machinePaths + "/20/create", "?netbox_branch_schema_id=ab12cd34", "does not write to branches of NetBox"},
			{machinePaths + "/storage/create", "?netbox_branch_schema_id=ab12cd34", "does not write to branches of NetBox"},
		} {
			w := s.watchStage(c.path, c.query)
			result, complete := w.summary()
			assert.Equal(t, false, complete.Body["ok"])
			assert.Equal(t, 0.0, result["total"])
			assert.Contains(t, complete.Body["errors"].([]any)[0].(map[string]any)["detail"], c.want)
			assert.Contains(t, w.said()[0], c.want)

			answer := s.ask(http.MethodGet, c.path+c.query)
			assert.Equal(t, http.StatusBadGateway, answer.status)
			assert.Contains(t, answer.json(t)["detail"], c.want)
		}
		s.backend.idle(t)
	})
}

// A stream that was cut makes the plugin ask for the stage again, 8 s later.
func TestRepeatedStage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		cut := s.watchStage(machines, recordedQuery+jobExtras)
		run := s.backend.run(t)
		run.tell(fullRun()[:8]...)
		cut.leave()
		time.Sleep(8 * time.Second)
		again := s.watchStage(machines, recordedQuery+jobExtras)
		s.backend.idle(t)
		assert.Equal(t, cut.bytes(), again.bytes(), "told from the first event")
		run.finish()
		_, complete := again.summary()
		assert.Equal(t, true, complete.Body["ok"])

		third := s.watchStage(machines, recordedQuery+jobExtras)
		s.backend.run(t).finish()
		assert.Equal(t, "complete", third.last().Event, "after its end it is done anew")
	})
}

// A job about some virtual machines has the stage about nodes too, as part of "network interfaces".
func TestNodeInterfacesOfMachines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		_, complete := s.watchStage(nodeInterfaces, recordedQuery+"&netbox_vm_ids=20").summary()
		assert.Equal(t, true, complete.Body["ok"])
		assert.Contains(t, complete.Body["message"], "Virtual machines are asked for, and it is about nodes")
		s.backend.idle(t)
	})
}

// A smaller stage joins a run that does more, and hears of its own objects alone.
func TestStageJoinsMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		s.watch(full)
		run := s.backend.run(t)
		w := s.watchStage(devices, recordedQuery)
		s.backend.idle(t)
		run.tell(fullRun()...)
		run.finish()
		result, _ := w.summary()
		assert.Equal(t, []any{1.0, 0.0, 1.0}, []any{result["created"], result["failed"], result["total"]})
	})
}

func TestAnswersOfStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		for _, stage := range jobStages() {
			if stage.kinds == nil {
				body := s.ask(http.MethodGet, stage.path+recordedQuery).json(t)
				assert.Equal(t, true, body["ok"])
				assert.Equal(t, []any{}, body["result"])
				assert.Contains(t, body["message"], "are not synced by this backend")
				continue
			}
			answers := s.later(http.MethodPost, stage.path+recordedQuery)
			run := s.backend.run(t)
			run.tell(fullRun()...)
			run.finish()
			body := (<-answers).json(t)
			assert.Equal(t, string(stage.name)+" sync completed with 1 failure: <i>db</i>.", body["message"])
		}
	})
}

func TestHeadStartsNoStage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		paths := []string{machinePaths + "/20/create", machinePaths + "/20/virtual-disks/create", machinePaths + "/20/backups/create", machinePaths + "/20/snapshots/create"}
		for _, stage := range jobStages() {
			paths = append(paths, stage.path)
		}
		for _, path := range paths {
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodHead, path).status, path)
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodHead, path+"/stream").status, path)
		}
		s.backend.idle(t)
	})
}

// "Sync now" on the page of a virtual machine.
func TestSyncNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		w := s.watchStage(machinePaths+"/20/create", recordedQuery+"&sync_task_history=false&netbox_vm_ids=20")
		run := s.backend.run(t)
		assert.Equal(t, []sync.GuestRef{{Source: "lab", ID: 101}}, run.options.Scope.Guests)
		run.finish()
		assert.Equal(t, "complete", w.last().Event)
		for _, path := range []string{"/20/backups/create", "/20/snapshots/create"} {
			_, complete := s.watchStage(machinePaths+path, recordedQuery+"&netbox_vm_ids=20").summary()
			assert.Equal(t, true, complete.Body["ok"])
		}
		s.backend.idle(t)
	})
}

// A backend that makes nothing of rows syncs between the ends that it has.
func TestStagesOfAFixedBackend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		row := `{"name":"lab (nb:1)","ip_address":"192.0.2.10","port":8006,"username":"root@pam","password":"x"}`
		require.Equal(t, http.StatusOK, s.send(http.MethodPost, "/proxmox/endpoints", "", row).status)
		w := s.watchStage(devices, recordedQuery)
		run := s.backend.run(t)
		assert.Equal(t, sync.Scope{Kinds: []sync.Kind{"device"}}, run.options.Scope)
		run.finish()
		assert.Equal(t, true, w.last().Body["ok"])
	})
}

// Sockets hear of stages what they hear of any run.
func TestSocketHearsStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servePushed(t)
		l := s.listen()
		for _, path := range []string{devices, machinePaths + "/virtual-disks/create"} {
			w := s.watchStage(path, recordedQuery)
			run := s.backend.run(t)
			run.tell(fullRun()...)
			run.finish()
			assert.Equal(t, "complete", w.last().Event)
		}
		heard := strings.Join(l.heard(), "\n")
		assert.Equal(t, 2, strings.Count(heard, `{"object":"virtual_machine","end":true}`))
		assert.Contains(t, heard, `"name":"\u0026lt;i\u0026gt;db\u0026lt;/i\u0026gt;"`)
		assert.NotContains(t, heard, "item_progress")
	})
}
