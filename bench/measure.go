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

	certificate *certificate // of all servers
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
	tls                  string
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
	kinds := l.kinds(sc)
	results := map[string][]*trial{}
	together := l.rounds + 1 // rounds of the same processes
	if sc.fresh {
		together = 1
	}
	for first := 0; first <= l.rounds && ctx.Err() == nil; first += together {
		var errs []error
		kinds, errs = l.turns(ctx, sc, kinds, first, first+together, results)
		out.failed = append(out.failed, errs...)
	}
	share := clientShare(results[limitName])
	for _, k := range kinds {
		if list := results[k.name]; len(list) > 0 {
			out.rows = append(out.rows, summary(k.name, list, share))
		}
	}
	return out
}

// turns starts the servers, lets them take turns in some rounds, and stops
// them. It returns those that passed.
func (l *lab) turns(ctx context.Context, sc scenario, kinds []kind, first, end int, results map[string][]*trial) (passed []kind, errs []error) {
	servers, errs := l.startAll(ctx, sc, kinds)
	started := slices.Clone(servers)
	defer func() {
		for _, s := range started {
			s.stop()
			_ = os.RemoveAll(s.dir)
		}
	}()
	defer context.AfterFunc(ctx, func() { // ends clients that wait
		for _, s := range started {
			s.kill()
		}
	})()
	for round := first; round < end; round++ {
		for _, s := range slices.Clone(servers) {
			if ctx.Err() != nil {
				return kinds, errs
			}
			t := l.trial(s, sc)
			t.verify = round == 0
			if err := l.run(t); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", sc.name, s.name, err))
				servers = slices.DeleteFunc(servers, func(o *server) bool { return o == s })
				delete(results, s.name)
				continue
			}
			if round > 0 {
				results[s.name] = append(results[s.name], t)
			}
		}
	}
	for _, s := range servers {
		passed = append(passed, s.kind)
	}
	return passed, errs
}

// trial is a run of a scenario against a server, in the size that suits it.
func (l *lab) trial(s *server, sc scenario) *trial {
	t := &trial{server: s, scenario: sc, sizes: l.sizes, content: l.content}
	if sc.tls {
		t.secure = &secure{}
	}
	if s.forks {
		t.sizes = l.sizes.ofProcesses()
	}
	return t
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

// kinds are the servers of a scenario.
func (l *lab) kinds(sc scenario) []kind {
	kinds := slices.Clone(l.peers)
	if sc.hosts {
		kinds = slices.Clone(l.many)
	}
	kinds = slices.DeleteFunc(kinds, func(k kind) bool { return k.name == sc.except })
	if sc.limit != "" {
		kinds = append(kinds, l.limit(sc.limit))
	}
	return kinds
}

// startAll starts servers for a scenario. One that cannot be started is an
// error; the others are measured all the same.
func (l *lab) startAll(ctx context.Context, sc scenario, kinds []kind) (servers []*server, errs []error) {
	core, root := -1, l.content.memory
	if sc.pinned {
		core = serverCore
	}
	if sc.disk {
		root = l.content.disk
	}
	p := place{content: root, uid: l.uid}
	if sc.tls {
		p.certificate = l.certificate
	}
	for _, k := range kinds {
		if ctx.Err() != nil {
			break
		}
		s, err := start(k, l.dir, p, core, l.orphans)
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
		if what == "splice" || what == "tls-receive" {
			file = filepath.Join(p.content, "up", "limit")
		}
		return exec.Command(l.self, limitWord, what, strconv.Itoa(p.port), file, p.pem), nil
	}}
}

// clientShare is the kernel memory of a client's end of a connection: half of
// what a bare connection takes, whose ends are alike.
func clientShare(limit []*trial) float64 {
	if len(limit) == 0 {
		return 0
	}
	return median(limit, func(t *trial) float64 { return t.kernelMemory }) / 2
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
		tls:       list[len(list)-1].secure.String(),
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
