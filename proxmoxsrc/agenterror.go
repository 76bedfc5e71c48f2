package proxmoxsrc

// agentError says what is wrong with a guest's agent, and not with the way to it.
type agentError string

func (e agentError) Error() string { return string(e) }

func isAgents(err error) bool {
	_, ok := as[agentError](err)
	return ok
}
