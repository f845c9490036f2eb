package ftpserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/rs/zerolog"

	"github.com/ftphost/ftphost/pkg/datachannel"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// firstHighPort is the lowest port of a client that active data connections
// go to. Lower ones belong to services that a PORT must not reach.
const firstHighPort = 1024

func (s *session) port(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	to, err := ftp.ParsePORT(cmd.Arg)
	return s.active(ctx, to, err, cmd)
}

func (s *session) eprt(ctx context.Context, cmd ftp.Command) (ftp.Reply, error) {
	to, err := ftp.ParseEPRT(cmd.Arg)
	return s.active(ctx, to, err, cmd)
}

// active begins to connect to the client at once, before the reply, so that
// the connection is often there when the transfer command comes. A low port is
// accepted here and fails at the transfer, as with IIS.
func (s *session) active(ctx context.Context, to netip.AddrPort, err error, cmd ftp.Command) (ftp.Reply, error) {
	switch {
	case errors.Is(err, ftp.ErrFamily):
		return ftp.Reply{}, errNetworkFamily
	case err != nil:
		return ftp.Reply{}, errArgument
	case s.params.onlyEPSV:
		return ftp.Reply{}, errSequence
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	switch own := s.remote.Addr(); {
	case to.Addr() == own.WithZone(""):
		// The client does not know what we call the link it is on.
		to = netip.AddrPortFrom(own, to.Port())
	case s.site.DataChannel.MatchClientAddressForPort, !thirdParty(to.Addr(), own):
		return ftp.Reply{}, errForeignAddress
	}
	s.dropData()
	if to.Port() < firstHighPort {
		s.data = refusedChannel{s.local}
	} else {
		s.data = s.server.dialer(s.local.Port()).Dial(ctx, sourceFor(s.local.Addr(), to.Addr()), to)
	}
	return successful(200, cmd.Verb), nil
}

// thirdParty reports whether another server can be at addr. Our own loopback is
// none for a client that is elsewhere.
func thirdParty(addr, client netip.Addr) bool {
	return !addr.IsUnspecified() && !addr.IsMulticast() && (!addr.IsLoopback() || client.IsLoopback())
}

// sourceFor is the address to connect to addr from: our own, unless addr is of
// the other family.
func sourceFor(own, addr netip.Addr) netip.Addr {
	switch {
	case own.Is4() == addr.Is4():
		return own
	case addr.Is4():
		return netip.IPv4Unspecified()
	default:
		return netip.IPv6Unspecified()
	}
}

// dialer connects from the port before the control port, 20 for 21 (RFC 959
// §3.2), when it may.
func (s *Server) dialer(control uint16) *datachannel.Dialer {
	return &datachannel.Dialer{SourcePort: int(control) - 1, DialFrom: s.config.Dial}
}

// refusedChannel is the data channel to a low port: it never opens.
type refusedChannel struct{ local netip.AddrPort }

func (refusedChannel) Ready() bool                            { return false }
func (refusedChannel) Conn(context.Context) (net.Conn, error) { return nil, errLowPort }
func (refusedChannel) Close() error                           { return nil }
func (c refusedChannel) LocalAddr() netip.AddrPort            { return c.local }

// pasv opens a passive channel. Its reply can name IPv4 addresses only.
func (s *session) pasv(context.Context, ftp.Command) (ftp.Reply, error) {
	if s.params.onlyEPSV {
		return ftp.Reply{}, errSequence
	}
	address := s.local.Addr()
	if !address.Is4() {
		return ftp.Reply{}, errNoDataConnection
	}
	port, err := s.expect()
	if err != nil {
		return ftp.Reply{}, err
	}
	if external := s.site.DataChannel.ExternalIPv4; external.IsValid() {
		address = external
	}
	return reply(227, "Entering Passive Mode "+ftp.FormatPASV(address, port)+"."), nil
}

// epsv opens a passive channel in the family of the control connection, the
// only one its address is known for.
func (s *session) epsv(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	switch strings.ToUpper(cmd.Arg) {
	case "ALL":
		s.params.onlyEPSV = true
		return reply(200, "EPSV ALL command successful."), nil // unseen
	case "":
	case "1":
		if !s.local.Addr().Is4() {
			return ftp.Reply{}, errNetworkFamily
		}
	case "2":
		if s.local.Addr().Is4() {
			return ftp.Reply{}, errNetworkFamily
		}
	default:
		if _, err := parseCount(cmd.Arg); err != nil {
			return ftp.Reply{}, err
		}
		return ftp.Reply{}, errNetworkFamily
	}
	port, err := s.expect()
	if err != nil {
		return ftp.Reply{}, err
	}
	return reply(229, "Entering Extended Passive Mode "+ftp.FormatEPSV(port)), nil
}

// expect reserves a passive port for the client.
func (s *session) expect() (port uint16, err error) {
	s.dropData()
	channel, err := s.server.config.Ports.Expect(s.local.Addr(), s.remote.Addr(), s.site.DataChannel.MatchClientAddressForPasv)
	if err != nil {
		s.event(zerolog.WarnLevel).Err(err).Msg("no passive port")
		return 0, errNoDataConnection
	}
	s.data = channel
	if s.secure.protect {
		s.data = s.shakeEarly(channel)
	}
	return channel.LocalAddr().Port(), nil
}
