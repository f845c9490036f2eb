package host

import (
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
)

// listen opens every endpoint. One that cannot be opened is noted for the
// sites that wanted it and the others go on.
func (h *Host) listen(ctx context.Context) {
	// Keep-alive costs a system call per accept; sessions have deadlines. A
	// socket for Multipath TCP makes every connection slower, and FTP has the
	// client's address in its protocol.
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	limits := socket.Limits{Reading: socket.NewReaders(), Writing: socket.NewThreads(maxWriting), Idle: h.idle, Patience: socket.Briefly, Prompt: true}
	for _, e := range h.snapshot.Endpoints {
		l, err := openEndpoint(ctx, &config, e, h.options.PortOffset)
		if err == nil {
			l, err = socket.Listen(l, limits)
		}
		if err != nil {
			h.note(e, err)
			continue
		}
		h.opened = append(h.opened, opened{l, e})
	}
}

func openEndpoint(ctx context.Context, config *net.ListenConfig, e *site.Endpoint, offset int) (net.Listener, error) {
	port := int(e.Port) + offset
	if port > maxPort || port < 1 {
		return nil, fmt.Errorf("--port-offset %d moves port %d outside 1 to %d", offset, e.Port, maxPort)
	}
	host := ""
	if e.Listen.IsValid() {
		host = e.Listen.String()
	}
	l, err := config.Listen(ctx, network(e.Listen), net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, listenError(port, err)
	}
	if n := e.Backlog(); n > 0 {
		if err := setBacklog(l, n); err != nil {
			return nil, errors.Join(fmt.Errorf("serverListenBacklog %d: %w", n, err), l.Close())
		}
	}
	return l, nil
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

// note records that endpoint e is not open, for each site bound to it.
func (h *Host) note(e *site.Endpoint, err error) {
	for _, s := range h.snapshot.Sites {
		for _, b := range s.Bindings {
			if !e.Holds(b, s) {
				continue
			}
			h.failed[s.Name] = append(h.failed[s.Name], fmt.Sprintf("%s: %v", b.Origin, err))
			h.options.Log.Error().Err(err).Str(logging.Site, s.Name).Str(logging.Origin, b.Origin).Msg("binding not opened")
		}
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
