//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// ours is the server that is compared with the others.
const ours = "ftphost"

// best returns the cheapest other server, and the limit; nil when none.
func (o outcome) best() (peer, limit *row) {
	for i := range o.rows {
		r := &o.rows[i]
		switch {
		case r.server == limitName:
			limit = r
		case r.server == ours:
		case peer == nil || r.cost < peer.cost:
			peer = r
		}
	}
	return peer, limit
}

// ratio is a quotient as text, empty when there is nothing to compare with.
func ratio(r row, to *row) string {
	if to == nil || to.cost <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r.cost/to.cost)
}

// figure prints a cost with three digits that mean something.
func figure(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// remarks is what only some scenarios measure.
func (r row) remarks() string {
	var parts []string
	if r.firstByte > 0 {
		parts = append(parts, "first byte "+r.firstByte.Round(100*time.Microsecond).String())
	}
	if r.spread > 0 {
		parts = append(parts, fmt.Sprintf("slowest/fastest %.2f", r.spread))
	}
	if r.kernBytes != 0 || r.userBytes != 0 {
		parts = append(parts, fmt.Sprintf("user %.1f + kernel %.1f KiB", r.userBytes/1024, r.kernBytes/1024))
	}
	if r.tls != "" {
		parts = append(parts, r.tls)
	}
	return strings.Join(parts, ", ")
}

func (r row) cells(o outcome) []string {
	peer, limit := o.best()
	return []string{
		r.server, figure(r.cost), figure(r.low) + "–" + figure(r.high), ratio(r, peer), ratio(r, limit),
		r.wall.Round(time.Millisecond).String(), figure(float64(r.pss) / (1 << 20)), figure(float64(r.rss) / (1 << 20)), r.remarks(),
	}
}

// writeText prints one scenario for the terminal.
func writeText(w io.Writer, o outcome) {
	fmt.Fprintf(w, "\n%s (%s)\n", o.scenario.name, o.scenario.unit.name)
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  server\tcost\trange\t÷ best peer\t÷ limit\twall\tPSS MiB\tRSS MiB\t")
	for _, r := range o.rows {
		fmt.Fprintln(t, "  "+strings.Join(r.cells(o), "\t"))
	}
	_ = t.Flush()
	if o.scenario.except != "" {
		fmt.Fprintf(w, "  without %s: it %s\n", o.scenario.except, o.scenario.why)
	}
	for _, err := range o.failed {
		fmt.Fprintf(w, "  FAILED: %v\n", err)
	}
}

// writeMarkdown prints the run for docs/performance.md: a table of ratios,
// then every figure.
func writeMarkdown(w io.Writer, l *lab, all []outcome) {
	fmt.Fprintf(w, "Date: %s. %s. Load before the run: %s. Size: %g of the full one. Rounds: %d, after one verified round that does not count.\n\n",
		time.Now().UTC().Format("2006-01-02 15:04 MST"), machine(), l.load, l.size, l.rounds)
	for _, k := range l.peers {
		fmt.Fprintf(w, "- %s %s\n", k.name, k.version())
	}
	fmt.Fprint(w, "\n| Scenario | Unit | ftphost | Best peer | ÷ best peer | Limit | ÷ limit |\n|---|---|---:|---|---:|---:|---:|\n")
	for _, o := range all {
		fmt.Fprintln(w, o.summaryLine())
	}
	fmt.Fprint(w, "\n| Scenario | Server | Cost | Range | ÷ best peer | ÷ limit | Wall | PSS MiB | RSS MiB | |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---|\n")
	for _, o := range all {
		for _, r := range o.rows {
			fmt.Fprintf(w, "| %s (%s) | %s |\n", o.scenario.name, o.scenario.unit.name, strings.Join(r.cells(o), " | "))
		}
	}
	for _, o := range all {
		if o.scenario.except != "" {
			fmt.Fprintf(w, "\n%s: without %s, which %s.\n", o.scenario.name, o.scenario.except, o.scenario.why)
		}
		for _, err := range o.failed {
			fmt.Fprintf(w, "\nFailed: %v\n", err)
		}
	}
}

// summaryLine compares ftphost with the best of the others.
func (o outcome) summaryLine() string {
	peer, limit := o.best()
	for _, r := range o.rows {
		if r.server != ours {
			continue
		}
		cells := []string{o.scenario.name, o.scenario.unit.name, figure(r.cost), "", ratio(r, peer), "", ratio(r, limit)}
		if peer != nil {
			cells[3] = peer.server + " " + figure(peer.cost)
		}
		if limit != nil {
			cells[5] = figure(limit.cost)
		}
		return "| " + strings.Join(cells, " | ") + " |"
	}
	return fmt.Sprintf("| %s | | not measured | | | | |", o.scenario.name)
}

// machine describes where this runs.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	cpu := "unknown CPU"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			cpu = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("Linux %s, %d × %s, %s", strings.TrimSpace(string(kernel)), runtime.NumCPU(), cpu, runtime.Version())
}
