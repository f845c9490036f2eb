package host

import "net"

// setBacklog leaves the queue as it is: on Windows it cannot change once a
// socket listens.
func setBacklog(net.Listener, int) error { return nil }
