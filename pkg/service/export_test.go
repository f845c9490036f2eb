package service

import "net"

// SocketsOf are sockets as if the program had been started with them.
func SocketsOf(listeners ...net.Listener) *Sockets {
	s := &Sockets{}
	for _, l := range listeners {
		s.list = append(s.list, Socket{SocketName(l.Addr()), l})
	}
	return s
}
