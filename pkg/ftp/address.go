package ftp

import (
	"net/netip"
	"strconv"
	"strings"
)

// ParsePORT parses the argument of PORT: h1,h2,h3,h4,p1,p2 (RFC 959 §4.1.2).
// The error is ErrSyntax.
func ParsePORT(arg string) (netip.AddrPort, error) {
	var b [6]byte
	rest := arg
	for i := range b {
		field, after, found := strings.Cut(rest, ",")
		if found != (i < len(b)-1) {
			return netip.AddrPort{}, ErrSyntax
		}
		n, ok := parseDecimal(field, 255)
		if !ok {
			return netip.AddrPort{}, ErrSyntax
		}
		b[i], rest = byte(n), after //nolint:gosec // at most 255
	}
	port := uint16(b[4])<<8 | uint16(b[5])
	if port == 0 {
		return netip.AddrPort{}, ErrSyntax
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), port), nil
}

// The numbers of the address families (RFC 2428 §2).
const (
	familyIPv4 = 1
	familyIPv6 = 2
)

// ParseEPRT parses the argument of EPRT: |1|address|port| or |2|address|port|,
// where any printable character may stand for the bar (RFC 2428 §2). The error
// is ErrSyntax, or ErrFamily for another family. Zones are not accepted: a
// client cannot know the names of our interfaces.
func ParseEPRT(arg string) (netip.AddrPort, error) {
	none := netip.AddrPort{}
	if arg == "" || arg[0] < '!' || arg[0] > '~' {
		return none, ErrSyntax
	}
	fields := strings.Split(arg, arg[:1])
	if len(fields) != 5 || fields[0] != "" || fields[4] != "" {
		return none, ErrSyntax
	}
	family, ok := parseDecimal(fields[1], 65535)
	switch {
	case !ok:
		return none, ErrSyntax
	case family != familyIPv4 && family != familyIPv6:
		return none, ErrFamily
	}
	addr, err := netip.ParseAddr(fields[2])
	if err != nil || addr.Zone() != "" || addr.Is4() != (family == familyIPv4) {
		return none, ErrSyntax
	}
	port, ok := parseDecimal(fields[3], 65535)
	if !ok || port == 0 {
		return none, ErrSyntax
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil //nolint:gosec // at most 65535
}

// parseDecimal parses a number without sign, at most highest. Leading zeros
// are accepted: clients pad.
func parseDecimal(s string, highest int) (n int, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
		if n > highest {
			return 0, false
		}
	}
	return n, true
}

// FormatPASV returns "(h1,h2,h3,h4,p1,p2)" for the reply to PASV, or "" when
// addr is not an IPv4 address, which that reply cannot name.
func FormatPASV(addr netip.Addr, port uint16) string {
	addr = addr.Unmap()
	if !addr.Is4() {
		return ""
	}
	b := make([]byte, 0, len("(255,255,255,255,255,255)"))
	b = append(b, '(')
	for _, part := range addr.As4() {
		b = strconv.AppendUint(b, uint64(part), 10)
		b = append(b, ',')
	}
	b = strconv.AppendUint(b, uint64(port>>8), 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(port&0xff), 10)
	return string(append(b, ')'))
}

// FormatEPSV returns "(|||port|)" for the reply to EPSV (RFC 2428 §3).
func FormatEPSV(port uint16) string {
	return "(|||" + strconv.Itoa(int(port)) + "|)"
}

// FormatPORT returns the argument of PORT for an IPv4 address, "" for others.
func FormatPORT(to netip.AddrPort) string {
	text := FormatPASV(to.Addr(), to.Port())
	return strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
}

// FormatEPRT returns the argument of EPRT.
func FormatEPRT(to netip.AddrPort) string {
	family := "|2|"
	if to.Addr().Is4() {
		family = "|1|"
	}
	return family + to.Addr().String() + "|" + strconv.Itoa(int(to.Port())) + "|"
}
