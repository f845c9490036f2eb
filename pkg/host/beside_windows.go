package host

import "syscall"

// besides closes the others: on Windows two sockets cannot have a port without
// one of them taking the connections of the other.
func besides(others []*opened) func(network, address string, conn syscall.RawConn) error {
	return func(string, string, syscall.RawConn) error {
		closeAll(others)
		return nil
	}
}
