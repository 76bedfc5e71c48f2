package proxmoxsrc

import "context"

// slots bounds how many do something at once: its capacity. Of one slot it is a lock that a context can end the wait for.
type slots chan struct{}

// take takes a slot, unless the context ends before there is one.
func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s slots) leave() { <-s }
