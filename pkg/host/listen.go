package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/ftphost/ftphost/pkg/site"
	"github.com/ftphost/ftphost/pkg/socket"
)

const (
	maxPort = 65535
	// maxWriting is how many sessions wait in a thread of their own for their
	// client to take a reply.
	maxWriting = 8
	// systemBacklog is longer than any system lets a queue of new connections
	// be, and so as long as that.
	systemBacklog = 65535
)

// open opens an endpoint. Listeners that are in its way, because they have its
// port at other addresses, let it in where the system allows that, and are
// closed first where it does not.
func (h *Host) open(ctx context.Context, e *site.Endpoint, inTheWay []*opened) (*opened, error) {
	port := int(e.Port) + h.options.PortOffset
	if port > maxPort || port < 1 {
		return nil, fmt.Errorf("--port-offset %d moves port %d outside 1 to %d", h.options.PortOffset, e.Port, maxPort)
	}
	host := ""
	if e.Listen.IsValid() {
		host = e.Listen.String()
	}
	// Keep-alive costs a system call per accept; sessions have deadlines. A
	// socket for Multipath TCP makes every connection slower, and FTP has the
	// client's address in its protocol.
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	if len(inTheWay) > 0 {
		config.Control = besides(inTheWay)
	}
	l, err := h.kept[addressOf(e)], error(nil)
	delete(h.kept, addressOf(e))
	if l == nil {
		l, err = config.Listen(ctx, network(e.Listen), net.JoinHostPort(host, strconv.Itoa(port)))
	}
	if err == nil {
		l, err = socket.Listen(l, h.limits())
	}
	if err != nil {
		return nil, listenError(port, err)
	}
	return &opened{at: addressOf(e), listener: l}, nil
}

// takeKept takes what the process before left for endpoints. All else that it
// left is closed before anything is opened: a socket on all addresses would be in
// the way of one on some of them.
func (h *Host) takeKept(endpoints []*site.Endpoint) {
	if h.options.Sockets == nil {
		return
	}
	h.kept = map[socketAddress]net.Listener{}
	for _, e := range endpoints {
		port := int(e.Port) + h.options.PortOffset
		if port < 1 || port > maxPort {
			continue
		}
		if l := h.options.Sockets.Take(network(e.Listen), e.Listen, uint16(port)); l != nil { //nolint:gosec // it is in the range
			h.kept[addressOf(e)] = l
		}
	}
	h.options.Sockets.CloseRest()
}

func (h *Host) limits() socket.Limits {
	return socket.Limits{Reading: h.readers, Writing: h.threads, Idle: h.idle, Patience: socket.Briefly, Prompt: true}
}

// adjust makes the queues of connections that wait to be accepted as long as
// sites want them.
func (g *generation) adjust(h *Host) {
	for _, o := range g.opened {
		e := g.endpointAt(o.at)
		if n := e.Backlog(); n != o.backlog {
			if err := setBacklog(o.listener, cmp.Or(n, systemBacklog)); err != nil {
				h.options.Log.Error().Err(err).Stringer(logging.Listener, o.listener.Addr()).Int("serverListenBacklog", n).Msg("queue of new connections not changed")
				continue
			}
			o.backlog = n
		}
	}
}

// network keeps 0.0.0.0 and [::] to their own family, as a binding says.
func network(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "tcp"
	case addr.Is4():
		return "tcp4"
	default:
		return "tcp6"
	}
}

// listenError says what to do about the usual reasons.
func listenError(port int, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d is taken by another program; stop it or change the binding", port)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("port %d may not be opened by this user; run with the right to bind low ports (CAP_NET_BIND_SERVICE) or try --port-offset", port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("port %d: the address of the binding is not an address of this machine", port)
	default:
		return fmt.Errorf("port %d cannot be opened: %w", port, err)
	}
}

// localAddresses are the addresses of this machine; a client that comes from
// one of them is local.
func localAddresses() []netip.Addr {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var addrs []netip.Addr
	for _, a := range interfaces {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			addrs = append(addrs, prefix.Addr().Unmap())
		}
	}
	return addrs
}
