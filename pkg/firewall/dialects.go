package firewall

import (
	"fmt"
	"net/netip"
	"strconv"
)

func dialects() map[Format]dialect {
	return map[Format]dialect{
		NFT: {
			before: []string{
				"# Rules for ftphost: nft -f FILE. They are a chain of their own, which may be loaded again at any time.",
				"# The chain of your table that drops what is not allowed has to ask it, by one rule before that:",
				"#   nft insert rule inet filter input jump ftphost",
				"add table inet filter",
				"add chain inet filter ftphost",
				"flush chain inet filter ftphost",
				"table inet filter {",
				"\tchain ftphost {",
			},
			after: []string{"\t}", "}"}, indent: "\t\t", rule: nftRule,
			active: func(port int) string {
				return fmt.Sprintf("nft insert rule inet filter output tcp sport %d accept", port)
			},
		},
		Firewalld: {
			before: []string{"#!/bin/sh", "# Rules for ftphost in the default zone of firewalld; --zone=ZONE names another one.", "set -e"},
			after:  []string{"firewall-cmd --reload"}, rule: firewalldRule,
			active: func(port int) string {
				return fmt.Sprintf("firewall-cmd --permanent --direct --add-rule ipv4 filter OUTPUT 0 -p tcp --sport %d -j ACCEPT", port)
			},
		},
		UFW: {
			before: []string{"#!/bin/sh", "# Rules for ftphost in ufw.", "set -e"}, rule: ufwRule,
			active: func(port int) string { return fmt.Sprintf("ufw allow out proto tcp from any port %d", port) },
		},
		Windows: {
			before: []string{
				"# Rules for ftphost in the firewall of Windows, for an elevated PowerShell.",
				"Remove-NetFirewallRule -Group ftphost -ErrorAction SilentlyContinue",
			},
			rule: windowsRule,
			active: func(port int) string {
				return fmt.Sprintf("New-NetFirewallRule -Group ftphost -DisplayName 'ftphost active %d' -Direction Outbound -Protocol TCP -LocalPort %d -Action Allow", port, port)
			},
		},
	}
}

// ports writes a port, or a range with the given sign.
func (r rule) ports(sign string) string {
	if r.low == r.high {
		return strconv.Itoa(r.low)
	}
	return strconv.Itoa(r.low) + sign + strconv.Itoa(r.high)
}

// family is 4 or 6 when the rule is for addresses of one kind only.
func (r rule) family() string {
	switch {
	case !r.to.IsValid():
		return ""
	case r.to.Is4():
		return "4"
	default:
		return "6"
	}
}

func nftRule(r rule) string {
	to := ""
	switch {
	case !r.to.IsValid():
	case r.to.IsUnspecified():
		to = "meta nfproto ipv" + r.family() + " "
	case r.to.Is4():
		to = "ip daddr " + r.to.String() + " "
	default:
		to = "ip6 daddr " + r.to.String() + " "
	}
	return fmt.Sprintf("%stcp dport %s accept", to, r.ports("-"))
}

func firewalldRule(r rule) string {
	if !r.to.IsValid() {
		return fmt.Sprintf("firewall-cmd --permanent --add-port=%s/tcp", r.ports("-"))
	}
	to := ""
	if !r.to.IsUnspecified() {
		to = fmt.Sprintf(`destination address="%s" `, r.to)
	}
	return fmt.Sprintf(`firewall-cmd --permanent --add-rich-rule='rule family="ipv%s" %sport port="%s" protocol="tcp" accept'`, r.family(), to, r.ports("-"))
}

func ufwRule(r rule) string {
	to := "any"
	switch {
	case !r.to.IsValid():
	case r.to == netip.IPv4Unspecified():
		to = "0.0.0.0/0"
	case r.to == netip.IPv6Unspecified():
		to = "::/0"
	default:
		to = r.to.String()
	}
	return fmt.Sprintf("ufw allow proto tcp to %s port %s comment 'ftphost'", to, r.ports(":"))
}

func windowsRule(r rule) string {
	to := ""
	switch {
	case !r.to.IsValid():
	case r.to == netip.IPv4Unspecified():
		to = " -LocalAddress 0.0.0.0-255.255.255.255"
	case r.to == netip.IPv6Unspecified():
		to = " -LocalAddress ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
	default:
		to = " -LocalAddress " + r.to.String()
	}
	ports := r.ports("-")
	name := "ftphost " + ports
	if r.to.IsValid() {
		name += " on " + r.to.String()
	}
	return fmt.Sprintf("New-NetFirewallRule -Group ftphost -DisplayName '%s' -Direction Inbound -Protocol TCP -LocalPort %s%s -Action Allow", name, ports, to)
}
