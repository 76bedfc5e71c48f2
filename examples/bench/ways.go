package main

import "context"

// group holds ways of writing the same rows, which are compared with the first of them.
type group struct {
	name string
	rows int // what the figures are divided by
	ways []way
}

// way is one of them.
type way struct {
	name string
	// since is the first release of NetBox that knows it, empty for all.
	since string
	// prepare creates what n rows hang on, anew each time, and returns what writes them: that alone is measured.
	prepare func(ctx context.Context, w *writer, n int) (writing, error)
}

// writing writes the rows of a way.
type writing func(context.Context) error

// The CPU time comes in ticks of 10 ms, of several processes: next to what so many rows cost they are about 1 %.
const (
	someRows = 100
	manyRows = 200 // two lists of the largest that proxbox sends
	burst    = 400 // requests in flight have to meet often enough
)

// groups returns all that is measured.
func groups() []group {
	return []group{
		macGroup(), primaryMACGroup(),
		answerGroup("virtual machines", withCluster(machinePath, (*writer).machines)),
		answerGroup("interfaces", withMachines(interfacePath, interfaces)),
		answerGroup("virtual disks", withMachines(diskPath, disks)),
		answerGroup("IP addresses", withInterfaces(addressPath, (*writer).addresses)),
		defaultsGroup("virtual machines", withCluster(machinePath, (*writer).machines), machineDefaults()),
		defaultsGroup("interfaces", withMachines(interfacePath, interfaces), interfaceDefaults()),
		connectionGroup(),
		batchGroup("virtual disks", withMachines(diskPath, disks)),
		batchGroup("virtual machines", withCluster(machinePath, (*writer).machines)),
		primaryAddressGroup(),
	}
}

// made are rows that are ready to be created.
type made struct {
	path string
	rows []body
}

// making prepares n rows, and creates what they hang on.
type making func(ctx context.Context, w *writer, n int) (made, error)

// withCluster makes rows that hang on the cluster alone.
func withCluster(path string, rows func(w *writer, n int) []body) making {
	return func(_ context.Context, w *writer, n int) (made, error) { return made{path, rows(w, n)}, nil }
}

// withMachines makes a row for each of n new virtual machines.
func withMachines(path string, rows func(machines []int64) []body) making {
	return func(ctx context.Context, w *writer, n int) (made, error) {
		machines, err := w.newMachines(ctx, n)
		return made{path, rows(machines)}, err
	}
}

// withInterfaces makes a row for each of n new interfaces, of as many new virtual machines.
func withInterfaces(path string, rows func(w *writer, interfaces []int64) []body) making {
	return func(ctx context.Context, w *writer, n int) (made, error) {
		_, ports, err := w.newInterfaces(ctx, n)
		return made{path, rows(w, ports)}, err
	}
}

// creates is a way that creates what was made, sent as it is said, with more fields in each row.
func (m making) creates(how how, more body) func(context.Context, *writer, int) (writing, error) {
	return func(ctx context.Context, w *writer, n int) (writing, error) {
		made, err := m(ctx, w, n)
		rows := each(made.rows, more)
		return func(ctx context.Context) error {
			_, err := w.create(ctx, made.path, rows, how)
			return err
		}, err
	}
}
