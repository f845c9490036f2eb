// Package firewall writes the rules by which a firewall lets clients reach the
// sites of a configuration, in the words of several firewalls. It changes no
// firewall.
package firewall

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/ftphost/ftphost/pkg/compile"
)

// Format is a firewall.
type Format string

// The formats.
const (
	NFT       Format = "nft"
	Firewalld Format = "firewalld"
	UFW       Format = "ufw"
	Windows   Format = "windows"
)

// Formats are all of them.
func Formats() []Format { return []Format{NFT, Firewalld, UFW, Windows} }

// rule lets clients reach the ports from low to high.
type rule struct {
	// to is the local address; the zero Addr is all of them, 0.0.0.0 and :: are
	// those of one family.
	to        netip.Addr
	low, high int
	// because are lines that say why, and where that is written.
	because []string
}

// dialect is how a firewall writes.
type dialect struct {
	// before and after are what stands around the rules.
	before, after []string
	indent        string
	rule          func(rule) string
	// active lets data connections of active mode out that come from a port.
	active func(port int) string
}

// Write writes rules for what the sites of a configuration need. Every port is
// moved by offset, as serve --port-offset moves it. The error says what cannot be
// written.
func Write(w io.Writer, format Format, needs *compile.Needs, offset int) error {
	d, known := dialects()[format]
	if !known {
		return fmt.Errorf("there is no format %q; there are: nft, firewalld, ufw, windows", format)
	}
	if len(needs.Bindings) == 0 {
		return errors.New("no site has an ftp binding, so that there is nothing to let in")
	}
	rules, err := rulesOf(needs, offset)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, line := range d.before {
		fmt.Fprintln(&b, line)
	}
	for _, r := range rules {
		for _, text := range r.because {
			fmt.Fprintf(&b, "%s# %s\n", d.indent, plain(text))
		}
		fmt.Fprintf(&b, "%s%s\n", d.indent, d.rule(r))
	}
	for _, line := range hints(needs, offset, d.active) {
		fmt.Fprintf(&b, "%s# %s\n", d.indent, line)
	}
	for _, line := range d.after {
		fmt.Fprintln(&b, line)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// plain keeps a comment on its line.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return '?'
		}
		return c
	}, text)
}

// rulesOf are the rules for the bindings and for passive data connections.
func rulesOf(needs *compile.Needs, offset int) ([]rule, error) {
	var rules []rule
	for _, b := range needs.Bindings {
		port := int(b.Port) + offset
		if port < 1 || port > maxPort {
			return nil, fmt.Errorf("--port-offset %d moves port %d outside 1 to %d (%s)", offset, b.Port, maxPort, b.Origin)
		}
		rules = allow(rules, b.Address, port, port, fmt.Sprintf("site %s, binding %s (%s)", b.Site, b, b.Origin))
	}
	rules = merged(rules)
	if needs.Passive.Low == 0 {
		return rules, nil
	}
	low, high := needs.Passive.Low+offset, needs.Passive.High+offset
	if low < 1 || high > maxPort {
		return nil, fmt.Errorf("--port-offset %d moves the passive ports %d to %d outside 1 to %d (%s)", offset, needs.Passive.Low, needs.Passive.High, maxPort, needs.PassiveOrigin)
	}
	var passive []rule
	for _, r := range rules {
		passive = allow(passive, r.to, low, high, fmt.Sprintf("passive data connections (%s)", needs.PassiveOrigin))
	}
	return append(rules, merged(passive)...), nil
}

const maxPort = 65535

// allow adds a rule, or its reason to one that is there.
func allow(rules []rule, to netip.Addr, low, high int, because string) []rule {
	for i := range rules {
		if r := &rules[i]; r.to == to && r.low == low && r.high == high {
			if !slices.Contains(r.because, because) {
				r.because = append(r.because, because)
			}
			return rules
		}
	}
	return append(rules, rule{to, low, high, []string{because}})
}

// merged sorts rules, and leaves out those for addresses that a wider one of the
// same ports lets in already; their reasons go to that.
func merged(rules []rule) []rule {
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Or(cmp.Compare(a.low, b.low), a.to.Compare(b.to)) })
	var kept []rule
	for _, r := range rules {
		wider := slices.IndexFunc(kept, func(k rule) bool { return k.low == r.low && k.high == r.high && covers(k.to, r.to) })
		if wider < 0 {
			kept = append(kept, r)
			continue
		}
		for _, text := range r.because {
			if !slices.Contains(kept[wider].because, text) {
				kept[wider].because = append(kept[wider].because, text)
			}
		}
	}
	return kept
}

// covers reports whether an address stands for another one too. In the order of
// merged it comes before.
func covers(wide, addr netip.Addr) bool {
	return !wide.IsValid() || wide.IsUnspecified() && addr.IsValid() && wide.Is4() == addr.Is4()
}

// hints are what is to be said and no rule.
func hints(needs *compile.Needs, offset int, active func(port int) string) []string {
	var lines []string
	if needs.Passive.Low == 0 {
		lines = append(lines,
			"Passive data connections have no rule: no ports are named for them ("+plain(needs.PassiveOrigin)+"), so that",
			"the system picks any. Name some in applicationHost.config, and print the rules again:",
			`  <system.ftpServer><firewallSupport lowDataChannelPort="50000" highDataChannelPort="50099" /></system.ftpServer>`)
	}
	lines = append(lines, "Active mode: data connections go out, from these ports where the system permits, otherwise from any.",
		"Where outgoing connections are refused, let them out:")
	var from []int
	for _, b := range needs.Bindings {
		if port := int(b.Port) + offset - 1; port > 0 {
			from = append(from, port)
		}
	}
	slices.Sort(from)
	for _, port := range slices.Compact(from) {
		lines = append(lines, "  "+active(port))
	}
	return lines
}
