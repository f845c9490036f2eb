package access

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// Network is the addresses that one entry of ipSecurity is about.
type Network struct {
	Prefix netip.Prefix
	// HostBits says that bits beyond the mask were written, which do not count.
	HostBits bool
}

// DefaultMask is what subnetMask is when it is not written: the mask of one
// address, of IPv6 too.
const DefaultMask = "255.255.255.255"

// ParseNetwork reads ipAddress and subnetMask. The mask is dotted or, as IIS
// Manager takes it, a prefix length, with or without a slash. Behind the
// address it is taken too, as in 192.0.2.0/24, when mask is the default. IPv6
// is not in IIS; there it is an address with a prefix length. IPv4 addresses
// written as IPv6 are IPv4.
func ParseNetwork(address, mask string) (Network, error) {
	written := strings.TrimSpace(address)
	host, behind, slash := strings.Cut(written, "/")
	addr, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return Network{}, fmt.Errorf(`%q is not an IPv4 or IPv6 address; a network is written as ipAddress="192.0.2.0" subnetMask="255.255.255.0" or ipAddress="192.0.2.0/24"`, address)
	case addr.Zone() != "":
		return Network{}, fmt.Errorf("%q names a network interface: leave out what begins with %%", address)
	}
	length, err := maskLength(addr, mask)
	if slash && err == nil {
		if own := addr.BitLen(); length != own {
			return Network{}, fmt.Errorf("%q has a prefix length and subnetMask is %q: write only one of them", address, mask)
		}
		length, err = maskLength(addr, behind)
	}
	if err == nil && addr.Is4In6() {
		addr, length = addr.Unmap(), length-mappedBits
		if length < 0 {
			err = fmt.Errorf("a prefix below %d is no network of IPv4 addresses", mappedBits)
		}
	}
	if err != nil {
		return Network{}, fmt.Errorf("%q with mask %q: %w", address, mask, err)
	}
	whole := netip.PrefixFrom(addr, length)
	return Network{Prefix: whole.Masked(), HostBits: whole != whole.Masked()}, nil
}

// mappedBits are the bits of an IPv6 address before the IPv4 address in it.
const mappedBits = 96

// maskLength is how many bits of addr a mask keeps.
func maskLength(addr netip.Addr, mask string) (int, error) {
	mask = strings.TrimSpace(mask)
	if mask == "" || mask == DefaultMask {
		return addr.BitLen(), nil
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(mask, "/"), 10, 8); err == nil {
		if int(n) > addr.BitLen() {
			return 0, fmt.Errorf("a prefix length is at most %d here", addr.BitLen())
		}
		return int(n), nil
	}
	m, err := netip.ParseAddr(mask)
	switch {
	case err != nil || m.Zone() != "":
		return 0, errors.New("the mask is neither dotted, such as 255.255.255.0, nor a prefix length, such as 24")
	case m.BitLen() != addr.BitLen():
		return 0, errors.New("address and mask are not of the same kind; IPv6 takes a prefix length, such as 64")
	}
	return ones(m)
}

// ones counts the bits of a mask. One with a hole means no network, and IIS
// does not say what it makes of it.
func ones(mask netip.Addr) (int, error) {
	n, ended := 0, false
	for _, b := range mask.AsSlice() {
		lead := bits.LeadingZeros8(^b)
		if ended && b != 0 || b<<lead != 0 {
			return 0, errors.New("the mask has ones behind zeros, which makes no network; write one entry for each network")
		}
		n += lead
		ended = lead < 8
	}
	return n, nil
}
