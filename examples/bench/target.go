package main

// target is the most that a figure may be; zero is none.
type target float64

// The figures that have targets.
const (
	wallToFloor   = "wall ÷ floor"
	cpuToFloor    = "NetBox CPU ÷ floor"
	requestsHere  = "requests to NetBox"
	proxmoxBound  = "Proxmox VE read ÷ bound"
	wallBound     = "wall ÷ bound of Proxmox VE"
	liveHeap      = "peak live heap, KiB"
	liveHeapRatio = "peak live heap per guest, largest ÷ smallest"
)

// target returns that of a figure in one of the runs. Times have one only where NetBox takes as long as it does in truth,
// and nothing else hides it.
func (r *report) target(figure string, run int, s size) target {
	simulated := latency(r.Latency)
	truly := r.Real || simulated == latencyNetBox
	switch {
	case figure == wallToFloor && run == firstRun && r.Real && !simulated.ofProxmox():
		return 1.15
	case figure == wallToFloor && run == unchangedRun && truly && !simulated.ofProxmox():
		return 1.25
	case figure == cpuToFloor && run == firstRun && r.Real && r.inline():
		return 0.92
	case figure == requestsHere && run == firstRun && s.Name == "L" && r.inline():
		return 0.12
	case figure == requestsHere && run == firstRun && s.Name == "L":
		return 0.16
	case figure == proxmoxBound, figure == wallBound && run == unchangedRun && simulated == latencyProxmox:
		return 1.2
	case figure == liveHeap && s.Name == "XL":
		return 20
	case figure == liveHeapRatio:
		return 1.25
	}
	return 0
}

// inline tells whether a MAC address can be written with its interface.
func (r *report) inline() bool { return r.Version == "4.7" }
