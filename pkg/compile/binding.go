package compile

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/site"
)

// parseBinding reads address:port:host from the right, so that bracketed IPv6
// addresses need no special care. The note tells of a spelling that IIS would
// not write but whose meaning is plain.
func parseBinding(info string) (b site.Binding, note string, err error) {
	head, host, ok := cutLast(info, ':')
	if !ok {
		return b, "", fmt.Errorf(`bindingInformation %q is not address:port:host, for example "*:21:"`, info)
	}
	addr, port, ok := cutLast(head, ':')
	if !ok || (strings.HasPrefix(addr, "[") && !strings.HasSuffix(addr, "]")) {
		// "*:21": the last part is the port and the host is left out.
		addr, port, host = head, host, ""
		note = fmt.Sprintf(`bindingInformation %q has no host part; write "%s:" for no host name`, info, info)
	}
	if b.Port, err = parsePort(port); err != nil {
		return b, "", fmt.Errorf("bindingInformation %q: %w", info, err)
	}
	if b.Address, err = parseAddress(addr); err != nil {
		return b, "", fmt.Errorf("bindingInformation %q: %w", info, err)
	}
	if host == "*" {
		host, note = "", fmt.Sprintf(`bindingInformation %q: the host "*" is taken as no host name`, info)
	}
	if strings.ContainsAny(host, " \t/\\|@*?\"<>") {
		return b, "", fmt.Errorf("bindingInformation %q: %q is not a host name", info, host)
	}
	b.Host = strings.ToLower(host)
	return b, note, nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("port %q is not a number from 1 to 65535", s)
	}
	return uint16(n), nil
}

// parseAddress reads the address part; "*" and "" are all addresses.
func parseAddress(s string) (netip.Addr, error) {
	if s == "*" || s == "" {
		return netip.Addr{}, nil
	}
	literal, bracketed := strings.CutPrefix(s, "[")
	literal = strings.TrimSuffix(literal, "]")
	addr, err := netip.ParseAddr(literal)
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf(`address %q is neither "*" nor an IP address`, s)
	case addr.Is6() && !bracketed:
		return netip.Addr{}, errors.New("an IPv6 address is written in brackets, as in [2001:db8::1]:21:HOST")
	}
	return addr.Unmap().WithZone(""), nil
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
