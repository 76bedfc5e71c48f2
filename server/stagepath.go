package server

import (
	"net/http"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// stagePath is a path that starts runs: for one JSON answer, and with /stream for events.
type stagePath struct {
	path  string
	stage sse.Stage
	// documented says that the path is the documented backend's too: what is asked there is answered as that does, unless
	// the newest plugin asks.
	documented bool
}

// stagePaths returns the paths that start runs. Those with {id} are about one virtual machine, by its number in NetBox.
func stagePaths() []stagePath {
	const machines = "/virtualization/virtual-machines"
	return []stagePath{
		{"/dcim/devices/create", sse.StageDevices, true},
		{machines + "/create", sse.StageVirtualMachines, true},
		{"/full-update", sse.StageFullUpdate, true},

		{machines + "/storage/create", sse.StageStorage, false},
		{machines + "/task-history/create", sse.StageTaskHistory, false},
		{machines + "/virtual-disks/create", sse.StageDisks, false},
		{machines + "/backups/all/create", sse.StageBackups, false},
		{machines + "/snapshots/all/create", sse.StageSnapshots, false},
		{"/dcim/devices/interfaces/create", sse.StageNodeInterfaces, false},
		{machines + "/interfaces/create", sse.StageInterfaces, false},
		{machines + "/interfaces/ip-address/create", sse.StageAddresses, false},
		{"/proxmox/sdn/create", sse.StageSDN, false},
		{"/proxmox/replication", sse.StageReplications, false},
		{"/proxmox/cluster/backup", sse.StageBackupRoutines, false},

		{machines + "/{id}/create", sse.StageVirtualMachines, false},
		{machines + "/{id}/virtual-disks/create", sse.StageDisks, false},
		{machines + "/{id}/backups/create", sse.StageBackups, false},
		{machines + "/{id}/snapshots/create", sse.StageSnapshots, false},
	}
}

// stages serves the paths that start runs.
func (s *Server) stages() {
	for _, p := range stagePaths() {
		s.mux.HandleFunc("GET "+p.path, notHead("GET, POST", s.answer(p, s.options.AnswerWithin)))
		s.mux.HandleFunc("POST "+p.path, s.answer(p, 0))
		s.mux.HandleFunc("GET "+p.path+"/stream", notHead("GET", s.stream(p)))
	}
}

// notHead refuses HEAD, which a pattern for GET takes too: whoever only looks must not start a run.
func notHead(allow string, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodHead {
			refuse(allow)(w, request)
			return
		}
		handler(w, request)
	}
}

// staged tells whether a request is to be answered as the newest plugin wants it.
func (p stagePath) staged(request *http.Request) bool {
	query := request.URL.Query()
	return !p.documented || request.Header.Get("X-Proxbox-API-Key") != "" || query.Has("proxmox_endpoint_ids") || query.Has(branchOption)
}

// streamOf returns as what a stage is told to sockets, and, where it has one, its stream in the documented dialect.
func streamOf(stage sse.Stage) sse.Stream {
	switch stage {
	case sse.StageDevices, sse.StageNodeInterfaces:
		return sse.Devices
	case sse.StageFullUpdate:
		return sse.FullUpdate
	}
	return sse.VirtualMachines
}

// stageKinds returns the kinds that a stage writes; none for one that does nothing. An address needs its interface, and
// the pointers to primary addresses stand on the virtual machine or the device. The stage of the devices leaves what hangs
// on them to that of their interfaces, which the plugin has as a choice of its own: each object is counted in one stage.
func stageKinds(stage sse.Stage) []sync.Kind {
	switch stage {
	case sse.StageDevices:
		return []sync.Kind{"device"}
	case sse.StageNodeInterfaces:
		return Scope(sse.Devices).Kinds
	case sse.StageVirtualMachines:
		return Scope(sse.VirtualMachines).Kinds
	case sse.StageDisks:
		return []sync.Kind{"virtual-disk"}
	case sse.StageInterfaces:
		return []sync.Kind{"vm-interface", "mac-address"}
	case sse.StageAddresses:
		return []sync.Kind{"virtual-machine", "vm-interface", "mac-address", "ip-address"}
	case sse.StageFullUpdate:
		return append(Scope(sse.Devices).Kinds, Scope(sse.VirtualMachines).Kinds...)
	}
	return nil
}

// leftAlone says what becomes of a stage that does nothing.
func leftAlone(stage sse.Stage) string {
	what := map[sse.Stage]string{
		sse.StageStorage:        "Storages",
		sse.StageTaskHistory:    "Task histories",
		sse.StageBackups:        "Backups",
		sse.StageSnapshots:      "Snapshots",
		sse.StageSDN:            "SDN zones and networks",
		sse.StageReplications:   "Replication jobs",
		sse.StageBackupRoutines: "Backup jobs",
	}[stage]
	return what + " are not synced by this backend: NetBox is left as it is."
}
