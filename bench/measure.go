//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// limitName is how the physical limit appears among the servers.
const limitName = "limit"

// lab is everything a run works with.
type lab struct {
	dir     string // of its own, removed at the end
	peers   []kind
	many    []kind // ftphost with one site and with many
	self    string // this program, for the limits
	sizes   sizes
	size    float64 // part of the full sizes, 0 for the quick ones
	rounds  int
	content *content
	orphans *orphans
	uid     int
	load    string    // the machine's load before the run: what others did beside it
	talk    io.Writer // progress
}

// row is what one server needed in one scenario: medians over the rounds.
type row struct {
	server               string
	cost                 float64
	low, high            float64 // of the cost
	wall                 time.Duration
	pss, rss             int64
	firstByte            time.Duration
	spread               float64
	userBytes, kernBytes float64
}

// outcome is one scenario measured; rows holds the servers that passed.
type outcome struct {
	scenario scenario
	rows     []row
	failed   []error
}

// measure runs one scenario: every server is started, does a verified run
// that does not count, then all take turns, round after round.
func (l *lab) measure(ctx context.Context, sc scenario) outcome {
	out := outcome{scenario: sc}
	servers, errs := l.startAll(ctx, sc)
	out.failed = errs
	defer func() {
		for _, s := range servers {
			s.stop()
			_ = os.RemoveAll(s.dir)
		}
	}()
	started := slices.Clone(servers)
	defer context.AfterFunc(ctx, func() { // ends clients that wait
		for _, s := range started {
			s.kill()
		}
	})()
	results := map[*server][]*trial{}
	for round := 0; round <= l.rounds; round++ {
		for _, s := range slices.Clone(servers) {
			if ctx.Err() != nil {
				return out
			}
			t := &trial{server: s, scenario: sc, sizes: l.sizes, content: l.content, verify: round == 0}
			if err := l.run(t); err != nil {
				out.failed = append(out.failed, fmt.Errorf("%s: %s: %w", sc.name, s.name, err))
				servers = slices.DeleteFunc(servers, func(o *server) bool { return o == s })
				delete(results, s)
				s.stop()
				continue
			}
			if round > 0 {
				results[s] = append(results[s], t)
			}
		}
	}
	share := clientShare(results)
	for _, s := range servers {
		out.rows = append(out.rows, summary(s.name, results[s], share))
	}
	return out
}

func (l *lab) run(t *trial) error {
	run := t.scenario.run
	if t.server.name == limitName {
		run = t.scenario.bare
	}
	err := run(t)
	if err == nil {
		fmt.Fprintf(l.talk, "  %-14s %12.1f %s  %v\n", t.server.name, t.cost(0), t.scenario.unit.name, t.wall.Round(time.Millisecond))
	}
	return err
}

// startAll starts the servers of a scenario. One that cannot be started is an
// error; the others are measured all the same.
func (l *lab) startAll(ctx context.Context, sc scenario) (servers []*server, errs []error) {
	kinds := slices.Clone(l.peers)
	if sc.hosts {
		kinds = slices.Clone(l.many)
	}
	if sc.limit != "" {
		kinds = append(kinds, l.limit(sc.limit))
	}
	core, root := -1, l.content.memory
	if sc.pinned {
		core = serverCore
	}
	if sc.disk {
		root = l.content.disk
	}
	for _, k := range kinds {
		if ctx.Err() != nil {
			break
		}
		s, err := start(k, l.dir, root, l.uid, core, l.orphans)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if sc.hosts && k.name == ours {
			s.user = siteHost(l.sizes.sites/2) + "|" + user
		}
		servers = append(servers, s)
	}
	return servers, errs
}

// limit is a physical limit as a server. It receives uploads into the folder
// of its place.
func (l *lab) limit(what string) kind {
	return kind{limitName, false, nil, func(p place) (*exec.Cmd, error) {
		file := filepath.Join(p.content, "big")
		if what == "splice" {
			file = filepath.Join(p.content, "up", "limit")
		}
		return exec.Command(l.self, limitWord, what, strconv.Itoa(p.port), file), nil
	}}
}

// clientShare is the kernel memory of a client's end of a connection: half of
// what a bare connection takes, whose ends are alike.
func clientShare(results map[*server][]*trial) float64 {
	for s, list := range results {
		if s.name == limitName {
			return median(list, func(t *trial) float64 { return t.kernelMemory }) / 2
		}
	}
	return 0
}

func summary(name string, list []*trial, share float64) row {
	costs := values(list, func(t *trial) float64 { return t.cost(share) })
	return row{
		server:    name,
		cost:      costs[len(costs)/2],
		low:       costs[0],
		high:      costs[len(costs)-1],
		wall:      time.Duration(median(list, func(t *trial) float64 { return float64(t.wall) })),
		pss:       int64(median(list, func(t *trial) float64 { return float64(t.memory.pss) })),
		rss:       int64(median(list, func(t *trial) float64 { return float64(t.memory.rss) })),
		firstByte: time.Duration(median(list, func(t *trial) float64 { return float64(t.firstByte) })),
		spread:    median(list, func(t *trial) float64 { return t.spread }),
		userBytes: median(list, func(t *trial) float64 { return t.userMemory }),
		kernBytes: median(list, func(t *trial) float64 { return t.kernelMemory - share }),
	}
}

func values(list []*trial, of func(*trial) float64) []float64 {
	var all []float64
	for _, t := range list {
		all = append(all, of(t))
	}
	slices.Sort(all)
	return all
}

func median(list []*trial, of func(*trial) float64) float64 {
	v := values(list, of)
	return v[len(v)/2]
}

// problems joins what failed in all scenarios.
func problems(all []outcome) error {
	var errs []error
	for _, o := range all {
		errs = append(errs, o.failed...)
	}
	return errors.Join(errs...)
}
